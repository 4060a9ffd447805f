# A task that is killed without a word leaves that it was started; Slurm says what became of it.
slurm
printf '#!/bin/sh\ntouch begun.$1; sleep 600\n' > long.sh
ok provrun sbatch long.sh a
a=$(grep -o '[0-9]*$' "$out")
ok provrun sbatch --requeue long.sh b
b=$(grep -o '[0-9]*$' "$out")
wait_for test -e begun.a
wait_for test -e begun.b
js repair --spool
expect_summary recorded_executions=0 running=2
ok scancel --signal=KILL --full "$a"
wait_for sh -c "squeue -h -t all -j $a -o %T | grep -q -v RUNNING"
# Asked within the minute nobody is bothered again.
js repair --spool
expect_summary recorded_executions=0 running=2
rm .provrun/spool/asked
scontrol requeue "$b"
wait_for sh -c "squeue -h -t all -j $b -o %T | grep -q PENDING"
js repair --spool
expect_summary recorded_executions=2
scancel "$b"
js log
expect_json '[.[]|select(.type=="run")]|length == 2 and all(.state == "interrupted")'
ok provrun log
for run in $(last_run) $(provrun log --json | jq -r 'select(.type=="run").run' | tail -n 1); do provrun show "$run"; done > "$out"
has "$out" 'was ended before it could be recorded: Slurm says '
has "$out" 'Slurm says REQUEUED'
