# SIGTERM ends what runs, says so without a word of Ctrl-C, and leaves a record; exec passes it on to its command.
pipeline <<'YAML'
provrun: 1
name: told
steps:
  slow: {outputs: slow.txt, run: "touch started; sleep 71; echo done > {outputs}"}
  next: {inputs: slow.txt, outputs: next.txt, run: "cp {inputs} {outputs}"}
YAML
set -m
"$PROVRUN" run > "$out" 2> "$err" < /dev/null &
pid=$!
wait_for test -e started
kill -TERM "$pid"
wait "$pid"
code=$?
expect_exit 143
has "$err" 'provrun: interrupted: ending 1 running step'
has "$err" 'provrun: interrupted by SIGTERM: 0 executed, 1 failed, 1 not run'
lacks "$err" 'Ctrl-C'
js log
expect_json '.[0].state == "interrupted"'
rm started
"$PROVRUN" exec -- sh -c 'trap "exit 9" TERM; touch started; while :; do sleep 0.1; done' > "$out" 2> "$err" < /dev/null &
pid=$!
wait_for test -e started
kill -TERM "$pid"
wait "$pid"
code=$?
expect_exit 9
js log
expect_json '.[0].state == "interrupted"'
