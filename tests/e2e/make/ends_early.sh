# Ctrl-C and a kill leave a record of what was done.
traced_or_skip
cat > Makefile <<'MAKE'
slow: quick ; @touch started; sleep 71
quick: ; @echo quick > quick; sleep 0.1
MAKE
set -m
"$PROVRUN" make > "$out" 2> "$err" < /dev/null &
pid=$!
wait_for test -e started
kill -INT -- "-$pid"
wait "$pid"
code=$?
expect_exit 130
js log
expect_json '.[0].state == "interrupted"'
js show latest
expect_json '[.[]|select(.type=="execution" and .step=="quick")][0].state == "executed"'
expect_json '[.[]|select(.type=="execution" and .step=="slow")][0].state == "failed"'
rm -f started quick
"$PROVRUN" make > "$out" 2> "$err" < /dev/null &
pid=$!
wait_for test -e started
wait_for grep -q '"step":"quick".*"type":"execution"\|"type":"execution".*"step":"quick"' .provrun/runs/*/journal.ndjson
kill -KILL "$pid"
wait "$pid" 2> /dev/null
pipeline <<'YAML'
provrun: 1
steps: {s: {outputs: s.txt, run: "echo s > s.txt"}}
YAML
ok provrun run
js log
expect_json '[.[]|select(.workflow=="make")][0].state == "interrupted"'
js show "$(json '[.[]|select(.workflow=="make")][0].run')"
expect_json '[.[]|select(.type=="execution" and .step=="quick")][0].state == "executed"'
:
