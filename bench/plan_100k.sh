#!/bin/sh
# Loading and planning many instances of one step, from a CSV file.
#   usage: plan_100k.sh [N]      default 100000; PROVRUN, ROUNDS, SCRATCH, KEEP as in run_workflows.sh
set -eu
n=${1:-100000}
. "$(dirname "$0")/lib.sh"
top=$scratch/plan-$n
rm -rf "$top"
python3 "$bench/gen_workflow.py" fanout "$n" "$top"
add provrun "plan-$n/first" - "cd $top/provrun-csv && exec $provrun plan" |
  python3 "$bench/measure.py" --rounds "${ROUNDS:-5}"
finish "$top"
