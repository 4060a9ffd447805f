# Steps get their instances from files that another step has made: what is known before says so, and only what changed runs.
printf 'a,1\nb,2\na,3\n' > all.csv
pipeline <<'YAML'
provrun: 1
steps:
  report:
    inputs: {scores: {collect: score}, parts: {collect: split.parts}}
    outputs: report.txt
    run: 'touch ../ran.report.$$; cat {inputs.scores} > {outputs}; echo {inputs.parts} >> {outputs}'
  score:
    foreach: {from: split.parts}
    inputs: "parts/{chunk}.csv"
    outputs: "score/{chunk}.txt"
    run: 'touch ../ran.{name}.$$; sed "s/^/{chunk} /" {inputs} > {outputs}'
  split:
    inputs: all.csv
    outputs: {parts: {discover: "parts/{chunk}.csv"}}
    run: 'touch ../ran.split.$$; while IFS=, read -r k v; do echo "$v" >> {outputs.parts}/$k.csv; done < {inputs}'
YAML
js plan
expect_json '[.[]|select(.type=="step")|"\(.step) \(.state) \(.reason.kind) \(.reason.what)"] ==
  ["split would_run first_run split", "report would_run discovery split", "score would_run discovery split"]'
ok provrun plan
has "$out" 'run          score  (its instances are known after split)'
ok provrun why score@a
expect_out 'score: its instances are known after split'
expect_ran
js run
expect_steps 'report executed' 'score@a executed' 'score@b executed' 'split executed'
expect_ran report score@a score@b split
expect_file report.txt $'a 1\na 3\nb 2\nparts/a.csv parts/b.csv'
for i in 1 2; do
  ok provrun run
  has "$err" 'nothing to do, 4 steps are up to date'
done
expect_ran
js status
expect_summary would_run=0 up_to_date=4
ok provrun why parts/a.csv
expect_out 'split: up to date'

printf 'a,1\nb,2\na,3\nc,9\n' > all.csv
ok provrun run
expect_ran report score@c split
printf 'a,1\na,3\nc,9\n' > all.csv
ok provrun run
expect_ran report split
expect_file report.txt $'a 1\na 3\nc 9\nparts/a.csv parts/c.csv'
[ ! -e parts/b.csv ] || fail 'a part of an earlier run is still there'
# Back to an earlier state: all of it is in the repository, and what will come back is known before.
printf 'a,1\nb,2\na,3\n' > all.csv
js plan
expect_json '[.[]|select(.type=="step" and .state=="would_run")|.step] == ["split", "report"]'
ok provrun run
expect_ran
expect_file report.txt $'a 1\na 3\nb 2\nparts/a.csv parts/b.csv'

# A part that is lost comes back; one that somebody adds was not made by the step and is moved away.
rm parts/a.csv
ok provrun run
expect_file parts/a.csv $'1\n3'
echo 5 > parts/own.csv
js run
expect_json '[.[]|select(.type=="step" and .step=="split")|.reason.kind] == ["output_altered"]'
[ ! -e parts/own.csv ] || fail 'the foreign part is still there'
[ -n "$(find .provrun/aside -name own.csv)" ] || fail 'the foreign part is lost'
expect_ran

js lineage up report.txt
expect_json '[.[]|select(.relation=="used")|.path]|contains(["parts/a.csv", "all.csv", "score/b.txt"])'
ok provrun restore latest parts --into back
expect_same back/parts/b.csv parts/b.csv
