# Ctrl-C twice: what runs is stopped, with everything it started.
pipeline <<'YAML'
provrun: 1
name: interrupt
steps:
  slow: {outputs: slow.txt, run: "echo half > {outputs}; sleep 71 & echo $! > child.pid; touch started; wait"}
YAML
set -m
"$PROVRUN" run > "$out" 2> "$err" < /dev/null &
pid=$!
wait_for test -e started
start=$SECONDS
kill -INT "$pid"
sleep 0.5
kill -INT "$pid"
wait "$pid"
code=$?
expect_exit 130
[ $((SECONDS - start)) -lt 20 ] || fail 'took too long'
child=$(cat child.pid)
wait_for sh -c "! kill -0 $child"
[ ! -e slow.txt ] || fail 'the unfinished output still looks valid'
js log
expect_json '.[0].state == "interrupted"'
