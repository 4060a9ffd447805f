# kill -9 in the middle: the next run goes on without a flag, keeps what was done, trusts nothing half-made.
pipeline <<'YAML'
provrun: 1
name: killed
steps:
  first: {outputs: first.txt, run: "echo f >> ran.log; echo 1 > {outputs}"}
  slow: {inputs: first.txt, outputs: slow.txt, run: "echo half > {outputs}; touch started; [ -e go ] || sleep 73; echo whole > {outputs}"}
YAML
set -m
"$PROVRUN" run > "$out" 2> "$err" < /dev/null &
pid=$!
wait_for test -e started
kill -9 -- "-$pid" 2> /dev/null || kill -9 "$pid"
wait "$pid" 2> /dev/null
touch go
js run
expect_summary state=completed failed=0
expect_file slow.txt whole
expect_file ran.log f
js log
expect_json '[.[]|select(.type=="run")|.state] == ["completed","interrupted"]'
