# A cycle is printed whole, before anything runs.
pipeline <<'YAML'
provrun: 1
name: round
steps:
  a: {inputs: c.txt, outputs: a.txt, run: "cp {inputs} {outputs}"}
  b: {inputs: a.txt, outputs: b.txt, run: "cp {inputs} {outputs}"}
  c: {inputs: b.txt, outputs: c.txt, run: "cp {inputs} {outputs}"}
YAML
fails 2 provrun run
has "$err" cycle
for s in a b c a.txt b.txt c.txt; do has "$err" "$s"; done
