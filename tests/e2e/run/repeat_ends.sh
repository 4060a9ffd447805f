# Rounds and retries, time limits, and a kill in between: the step begins anew.
pipeline <<'YAML'
provrun: 1
steps:
  one:
    outputs: o.txt
    run: 'echo $PROVRUN_ATTEMPT.$PROVRUN_ROUND >> o.txt; [ $PROVRUN_ATTEMPT = 2 ] || [ $PROVRUN_ROUND = 1 ]'
    retries: 1
    repeat: {max: 5, until: '[ $(wc -l < o.txt) = 3 ]'}
YAML
ok provrun run
expect_file o.txt $'2.1\n2.2\n2.3'
js show one
expect_json '.[0].attempts | length == 2'
expect_json '.[0].rounds | map([.attempt, .until]) == [[1,1],[1,null],[2,1],[2,1],[2,0]]'
pipeline <<'YAML'
provrun: 1
steps:
  slow:
    outputs: s.txt
    run: 'echo $PROVRUN_ROUND >> s.txt; sleep 0.3'
    resources: {time: 1s}
    repeat: {max: 1000, until: "false"}
YAML
fails 1 provrun run
has "$err" 'step slow timed out after 1.0 s'
pipeline <<'YAML'
provrun: 1
steps:
  killed:
    outputs: k.txt
    run: 'echo $PROVRUN_ROUND >> k.txt; [ ! -e hold ] || [ $PROVRUN_ROUND -lt 3 ] || { touch there; sleep 60; }'
    repeat: {max: 9, until: '[ $(wc -l < k.txt) = 5 ]'}
YAML
touch hold
"$PROVRUN" run > /dev/null 2>&1 &
pid=$!
wait_for [ -e there ]
kill -9 $pid
wait $pid 2> /dev/null
rm hold
ok provrun run
expect_file k.txt $'1\n2\n3\n4\n5'
