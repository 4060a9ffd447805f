#!/bin/sh
# `log` over many runs, and `lineage` through many edges.
#   usage: history.sh [RUNS] [EDGES]      default 30000 and 1000000; PROVRUN, ROUNDS, SCRATCH, KEEP as in
#   run_workflows.sh; MAKE_HISTORY: bench/make_history of a build with -DPROVRUN_BENCH=ON
set -eu
runs=${1:-30000}
edges=${2:-1000000}
. "$(dirname "$0")/lib.sh"
make_history=${MAKE_HISTORY:-$(dirname "$provrun")/make_history}
log=$scratch/history-log-$runs
up=$scratch/history-lineage-$edges
# 100 runs of chains of 100: `up` from the end of a chain goes through 300 edges.
steps=$((edges / 3 / 100))
[ -d "$log" ] || "$make_history" "$log" "$runs" 1 1
[ -d "$up" ] || "$make_history" "$up" 100 "$steps" 100
{
  add provrun "log-$runs/first_page" - "cd $log && exec $provrun log"
  add provrun "log-$runs/workflow" - "cd $log && exec $provrun log --workflow history -n 20"
  add provrun "lineage-$edges/up" - "cd $up && exec $provrun lineage up out/99/$((steps - 1)).txt"
  add provrun "lineage-$edges/down" - "cd $up && exec $provrun lineage down out/99/0.txt"
} | python3 "$bench/measure.py" --rounds "${ROUNDS:-5}"
finish "$log"
finish "$up"
