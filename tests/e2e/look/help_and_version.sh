ok provrun --version
has "$out" 0.
ok provrun help
for verb in run plan status why log show diff lineage graph restore ls cat verify exec reproduce init repair; do
  has "$out" "$verb"
  cp "$out" "$SCRATCH/all"
  ok provrun help "$verb"
  has "$out" "provrun $verb"
  cp "$out" "$SCRATCH/one"
  ok provrun "$verb" --help
  expect_same "$out" "$SCRATCH/one"
  cp "$SCRATCH/all" "$out"
done
fails 2 provrun help lgo
has "$err" log
