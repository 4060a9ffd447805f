# A cycle is printed whole, before anything runs.
pipeline <<'YAML'
provrun: 1
name: round
steps:
  a: {inputs: c.txt, outputs: a.txt, run: "cp {inputs} {outputs}"}
  b: {inputs: a.txt, outputs: b.txt, run: "cp {inputs} {outputs}"}
  c: {inputs: b.txt, outputs: c.txt, run: "cp {inputs} {outputs}"}
YAML
before=$(fingerprint .)
fails 2 provrun run
expect_out ''
expect_err "provrun: error: pipeline.yaml:4:3: a cycle of steps that wait for each other: a → b → c → a
    a: {inputs: c.txt, outputs: a.txt, run: \"cp {inputs} {outputs}\"}
    ^
hint: b reads a.txt of a; c reads b.txt of b; a reads c.txt of c"
js -2 plan
expect_json '.[0].position == {"file":"pipeline.yaml","line":4,"column":3}'
[ "$(fingerprint .)" = "$before" ] || fail 'something was written'
