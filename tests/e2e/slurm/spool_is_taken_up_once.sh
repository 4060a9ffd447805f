# Nothing is lost, doubled or crossed when those who take the spool up are killed at any point, or are two at once.
export SLURM_JOB_ID=1 SLURM_CLUSTER_NAME=none
for i in $(seq 40); do
  SLURM_ARRAY_JOB_ID=$((1 + i % 4)) SLURM_ARRAY_TASK_ID=$i "$PROVRUN" exec --trace off -o "o.$i" -- sh -c "echo $i > o.$i" \
    > /dev/null 2> "$SCRATCH/e.$i" &
  [ $((i % 8)) != 0 ] || wait
done
wait
unset SLURM_JOB_ID
[ "$(ls .provrun/spool/*/ended | wc -l)" = 40 ] || fail "not all are in the spool: $(cat "$SCRATCH"/e.*)"
# Killed again and again, later and later, until one comes to its end; another one beside it.
for i in 1 2 3 4 5 6 7 8 9 11 13 15 17 20 23 26 30 35 40 45; do
  {
    "$PROVRUN" repair --spool > /dev/null 2>&1 &
    timeout -s KILL "0.0$i" "$PROVRUN" repair --spool > /dev/null 2>&1
    kill -9 $!
    wait
  } 2> /dev/null
done
ok provrun repair --spool
[ -z "$(ls .provrun/spool | grep -e -)" ] || fail "left: $(ls .provrun/spool)"
recorded_executions > "$SCRATCH/recorded"
for i in $(seq 40); do echo "sh@$i executed"; done | sort > "$SCRATCH/expected"
expect_same "$SCRATCH/expected" "$SCRATCH/recorded"
for i in 1 17 40; do
  rm -f back
  ok provrun lineage up "o.$i"
  has "$out" "sh@$i"
done
ok provrun check
# What ran is no run that was killed.
lacks "$SCRATCH/recorded" failed
js log
expect_json '[.[]|select(.type=="run")|.state]|unique == ["completed"]'
