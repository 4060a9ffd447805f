# A task that is killed without a word leaves that it was started; Slurm says what became of it. One that is told to end
# records that itself.
slurm
trap 'scancel $a $b $c 2> /dev/null' EXIT
printf '#!/bin/sh\ntouch begun.$1; sleep 600\n' > long.sh
submit() {
  ok provrun sbatch "$@"
  grep -o '[0-9]*$' "$out"
}
a=$(submit long.sh a)
b=$(submit --requeue long.sh b)
c=$(submit long.sh c)
for x in a b c; do wait_for test -e begun.$x; done
process_of() { cat .provrun/spool/*/started | jq -r "select(.slurm_job == \"$1\").process"; }
state_is() { squeue -h -t all -j "$1" -o %T | grep -q "$2"; }
js repair --spool
expect_summary recorded_executions=0 running=3
kill -9 "$(process_of "$a")"
wait_for state_is "$a" FAILED
scancel "$c"
wait_for state_is "$c" CANCELLED
# Slurm has been asked within this minute: nobody bothers it again.
js repair --spool
expect_summary recorded_executions=1 running=2
ok provrun show latest
has "$out" 'failed with exit code 143'
rm .provrun/spool/asked
kill -9 "$(process_of "$b")"
scontrol requeue "$b"
wait_for state_is "$b" PENDING
js repair --spool
expect_summary recorded_executions=2
for run in $(provrun log --json | jq -r 'select(.type=="run").run'); do provrun show "$run"; done > "$out"
has "$out" 'was ended before it could be recorded: Slurm says FAILED'
has "$out" 'was ended before it could be recorded: Slurm says REQUEUED'
js log
expect_json '[.[]|select(.type=="run")]|length == 3 and all(.state == "interrupted")'
