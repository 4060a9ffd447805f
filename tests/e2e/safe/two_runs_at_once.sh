# Two runs of one workspace: both succeed, each step runs once.
pipeline <<'YAML'
provrun: 1
name: twice
steps:
  s: {outputs: s.txt, run: "echo x >> ran.log; sleep 0.5; echo s > {outputs}"}
YAML
"$PROVRUN" run > "$SCRATCH/o1" 2>&1 < /dev/null &
one=$!
ok provrun run
wait "$one" || fail "the other run: exit $?: $(cat "$SCRATCH/o1")"
expect_file ran.log x
