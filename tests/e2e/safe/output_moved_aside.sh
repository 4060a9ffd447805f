# A step that fails after having succeeded does not leave its half-written output in place of a good one.
echo ok > in.txt
pipeline <<'YAML'
provrun: 1
name: aside
steps:
  s: {inputs: in.txt, outputs: out.txt, run: "cat {inputs} > {outputs}; grep -q ok {inputs}"}
  t: {inputs: out.txt, outputs: t.txt, run: "cp {inputs} {outputs}"}
YAML
ok provrun run
echo broken > in.txt
fails 1 provrun run
[ ! -e out.txt ] || [ "$(cat out.txt)" != broken ] || fail 'the half-made output is in place'
expect_file t.txt ok
js -1 run
expect_summary failed=1
