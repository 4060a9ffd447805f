pipeline <<'YAML'
provrun: 1
name: term
steps:
  slow: {outputs: slow.txt, run: "touch started; sleep 72"}
YAML
set -m
"$PROVRUN" run > "$out" 2> "$err" < /dev/null &
pid=$!
wait_for test -e started
kill -TERM "$pid"
wait "$pid"
code=$?
expect_exit 143
