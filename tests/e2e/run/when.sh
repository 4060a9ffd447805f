# `when` decides from parameters whether a step takes part.
pipeline <<'YAML'
provrun: 1
name: conditional
params: {mode: fast}
steps:
  slow: {outputs: slow.txt, when: "params.mode == 'full'", run: "echo s > {outputs}"}
  fast: {outputs: fast.txt, when: "params.mode == 'fast'", run: "echo f > {outputs}"}
YAML
ok provrun run
[ -e fast.txt ] || fail 'fast did not run'
[ ! -e slow.txt ] || fail 'slow ran'
sed -i 's/mode: fast/mode: full/' pipeline.yaml
ok provrun run
[ -e slow.txt ] || fail 'slow did not run'
