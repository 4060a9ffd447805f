# env.set and env.pass are part of the key; everything else is not.
pipeline <<'YAML'
provrun: 1
name: env
env: {set: {GREETING: hello}, pass: [COUNTS]}
steps:
  s: {outputs: out.txt, run: "echo \"$GREETING ${COUNTS-unset}\" > {outputs}"}
YAML
ok env COUNTS=1 "$PROVRUN" run
expect_file out.txt 'hello 1'
js run
expect_file out.txt 'hello unset'
ok env COUNTS=1 OTHER=2 "$PROVRUN" run --json
expect_summary executed=0
expect_file out.txt 'hello 1'
sed -i 's/GREETING: hello/GREETING: good day/' pipeline.yaml
ok env COUNTS=1 "$PROVRUN" run
expect_file out.txt 'good day 1'
