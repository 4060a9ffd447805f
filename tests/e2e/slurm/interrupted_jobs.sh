# Ctrl-C twice cancels the jobs of the run and no others; what a killed run has left is cancelled by the next one.
slurm
set -m
pipeline <<'YAML'
provrun: 1
steps:
  long: {outputs: long.txt, run: "echo $$ > begun; sleep 600; echo > long.txt"}
  waits: {outputs: waits.txt, run: "echo > waits.txt", resources: {cpus: 4}}
YAML
# Leave one cpu of each node.
other=$(sbatch --parsable -c 3 -w n1 --mem=50 --wrap='sleep 600' -o /dev/null)
else=$(sbatch --parsable -c 3 -w n2 --mem=50 --wrap='sleep 600' -o /dev/null)
trap 'scancel $other $else' EXIT
mine() { squeue -h -o '%k' | grep -c provrun:; }
"$PROVRUN" run --executor slurm > "$SCRATCH/o" 2>&1 < /dev/null &
run=$!
wait_for test -e begun
wait_for sh -c 'squeue -h -o "%j" | grep -q waits'
kill -INT "$run"
wait_for grep -q 'press Ctrl-C again' "$SCRATCH/o"
kill -INT "$run"
wait "$run"
[ $? = 130 ] || fail "not interrupted: $(cat "$SCRATCH/o")"
wait_for sh -c '! squeue -h -o "%k" | grep provrun:'
ok sh -c "squeue -h -j $other | grep -q ."
js log
expect_json '.[0].state == "interrupted"'

rm begun
"$PROVRUN" run --executor slurm > "$SCRATCH/o" 2>&1 < /dev/null &
run=$!
wait_for test -e begun
kill -9 "$run"
wait "$run" 2> /dev/null
[ "$(mine)" -gt 0 ] || fail 'the job has gone with its run'
scancel "$other" "$else"
sed -i 's/sleep 600;//; s/, resources: {cpus: 4}//' pipeline.yaml
ok provrun run
has "$err" 'of a killed run cancelled'
expect_file waits.txt ''
wait_for sh -c '! squeue -h -o "%k" | grep provrun:'
