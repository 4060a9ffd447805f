# What is discovered may discover more; variables of the tables before stay known; temporary parts go when all have read them.
printf 'site,n\nu,2\nv,1\n' > sites.csv
pipeline <<'YAML'
provrun: 1
steps:
  split:
    foreach: {csv: sites.csv}
    outputs: {parts: {discover: "p/{site}/{chunk}.csv", temp: true}}
    run: 'touch ../ran.{name}.$$; for i in $(seq {n}); do echo {site}$i > p/{site}/c$i.csv; done'
  pages:
    foreach: {from: split.parts}
    inputs: "p/{site}/{chunk}.csv"
    outputs: {discover: "q/{site}-{chunk}.{page}.txt"}
    run: 'touch ../ran.{name}.$$; for i in 1 2; do cat {inputs} > {outputs}/{site}-{chunk}.$i.txt; done'
  print:
    foreach: {from: pages}
    inputs: "q/{site}-{chunk}.{page}.txt"
    outputs: "r/{site}-{chunk}.{page}"
    run: 'touch ../ran.{name}.$$; echo {n} $(cat {inputs}) > {outputs}'
  book: {inputs: {p: {collect: print}}, outputs: book.txt, run: 'touch ../ran.book.$$; cat {inputs.p} > {outputs}'}
YAML
ok provrun run -j2
expect_ran book pages@u-c1 pages@u-c2 pages@v-c1 print@u-c1-1 print@u-c1-2 print@u-c2-1 print@u-c2-2 print@v-c1-1 print@v-c1-2 split@u split@v
expect_file book.txt $'2 u1\n2 u1\n2 u2\n2 u2\n1 v1\n1 v1'
expect_out ''
[ -z "$(find p -name '*.csv')" ] || fail 'temporary parts are still there'
ok provrun run
expect_ran
js status
expect_summary would_run=0 up_to_date=12
sed -i s/v,1/v,2/ sites.csv
ok provrun run
expect_ran book pages@v-c2 print@v-c1-1 print@v-c1-2 print@v-c2-1 print@v-c2-2 split@v
