pipeline <<'YAML'
provrun: 1
name: lazy
steps:
  s: {outputs: promised.txt, run: "echo nothing"}
  t: {inputs: promised.txt, outputs: t.txt, run: "cp {inputs} {outputs}"}
YAML
fails 1 provrun run
has "$err" promised.txt
js -1 run
expect_summary failed=1 skipped=1
