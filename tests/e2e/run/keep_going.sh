# Without -k nothing new starts after a failure; with -k everything that can still be made is made.
pipeline <<'YAML'
provrun: 1
name: keep
steps:
  bad: {outputs: bad.txt, run: exit 1}
  after: {inputs: bad.txt, outputs: after.txt, run: "cp {inputs} {outputs}"}
  good: {outputs: good.txt, run: "sleep 0.2; echo good > {outputs}"}
  later: {inputs: good.txt, outputs: later.txt, run: "cp {inputs} {outputs}"}
YAML
fails 1 provrun run -j1
[ ! -e later.txt ] || fail 'later ran without -k'
js -1 run -k
expect_summary failed=1 skipped=1
expect_file later.txt good
