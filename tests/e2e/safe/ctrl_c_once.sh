# Ctrl-C once: what runs is finished, nothing new starts; exit 130, and the record says interrupted.
pipeline <<'YAML'
provrun: 1
name: interrupt
steps:
  slow: {outputs: slow.txt, run: "touch started; sleep 1.5; echo done > {outputs}"}
  next: {inputs: slow.txt, outputs: next.txt, run: "cp {inputs} {outputs}"}
YAML
set -m
"$PROVRUN" run --json > "$out" 2> "$err" < /dev/null &
pid=$!
wait_for test -e started
kill -INT "$pid"
wait "$pid"
code=$?
expect_exit 130
expect_file slow.txt 'done'
[ ! -e next.txt ] || fail 'a new step was started'
expect_summary state=interrupted executed=1
js log
expect_json '.[0].state == "interrupted"'
js run
expect_steps 'next executed'
