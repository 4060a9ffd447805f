# show --accesses: the four sets, software by package, and with --all also what decides nothing.
traced_or_skip
echo 1 > in; echo 2 > extra; echo 3 > spare
pipeline <<'YAML'
provrun: 1
steps:
  join: {inputs: [in, spare], outputs: out.txt, run: "cat in extra > out.txt; echo x > more.txt"}
YAML
ok provrun run
ok provrun show join --accesses
has "$out" 'read, not declared     extra'
has "$out" 'written, not declared  more.txt'
has "$out" 'declared, not used     spare'
js show join --accesses
expect_json 'any(.[]; .type=="access" and .path=="in" and .class=="workspace")'
expect_json 'all(.[]|select(.type=="access"); .noise==null)'
js show join --accesses --all
expect_json '[.[]|select(.type=="access")]|length > 3'
fails 2 provrun show join --all
js env show join
expect_json 'any(.[]; .type=="software" and .kind=="program")'
js env diff latest latest
expect_json 'all(.[]; .type!="software_change")'
