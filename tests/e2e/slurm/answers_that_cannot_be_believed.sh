# Who asks Slurm and gets nonsense, nothing, an error or a late answer takes nobody for dead.
fake squeue <<'SH'
#!/bin/sh
echo asked >> "$ASKED"
case $(cat "$ANSWER") in
  garbled) printf '4711|RUNNI\n\033[1m<html>502 Bad Gateway</html>\n' ;;
  error) echo 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)' >&2; exit 1 ;;
  half) printf '4711' ;;
  other) printf '4711|RUNNING\n' ;;
  forgotten) echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1 ;;
esac
SH
export ASKED=$SCRATCH/asked ANSWER=$SCRATCH/answer
: > "$ASKED"
# The task is killed on what looks like another machine: only Slurm can know.
SLURM_JOB_ID=4711 "$PROVRUN" exec -- sh -c 'touch begun; sleep 60' > /dev/null 2>&1 &
task=$!
wait_for test -e begun
kill -9 "$task"
wait "$task" 2> /dev/null
for file in .provrun/spool/*/started; do sed -i 's/"host":"[^"]*","boot"/"host":"elsewhere","boot"/' "$file"; done
for answer in garbled error half other; do
  echo "$answer" > "$ANSWER"
  rm -f .provrun/spool/asked
  js repair --spool
  expect_summary recorded_executions=0 running=1
done
[ "$(wc -l < "$ASKED")" = 4 ] || fail "asked $(wc -l < "$ASKED") times"
echo forgotten > "$ANSWER"
js repair --spool
expect_summary recorded_executions=0
[ "$(wc -l < "$ASKED")" = 4 ] || fail 'asked again within a minute'
rm .provrun/spool/asked
js repair --spool
expect_summary recorded_executions=1 running=0
ok provrun show latest
has "$out" 'Slurm does not know job 4711 any more'
