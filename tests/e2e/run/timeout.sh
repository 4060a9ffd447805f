# resources.time ends a step and everything it started.
pipeline <<'YAML'
provrun: 1
name: slow
steps:
  slow:
    outputs: out.txt
    resources: {time: 1s}
    run: sleep 61 & echo $! > pid; sleep 62
YAML
start=$SECONDS
js -1 run
[ $((SECONDS - start)) -lt 20 ] || fail 'the time limit did not end the step'
expect_summary state=failed failed=1
has "$out" time
pid=$(cat pid)
wait_for sh -c "! kill -0 $pid"
