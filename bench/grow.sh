#!/bin/sh
# A step that discovers many files, and an instance for each: planning with all of them known and up to date.
#   usage: grow.sh [N]      default 20000; PROVRUN, ROUNDS, SCRATCH, KEEP as in run_workflows.sh
# The same instances from a CSV file are the measure.
set -eu
n=${1:-20000}
. "$(dirname "$0")/lib.sh"
top=$scratch/grow-$n
rm -rf "$top"
for kind in discover csv; do
  mkdir -p "$top/$kind"
  seq "$n" > "$top/$kind/all"
  if [ $kind = discover ]; then
    table='{from: split.parts}' outputs='{parts: {discover: "parts/{chunk}"}}'
  else
    table='{csv: rows.csv}' outputs='[parts/]'
    { echo chunk; seq "$n"; } > "$top/$kind/rows.csv"
  fi
  cat > "$top/$kind/pipeline.yaml" <<YAML
provrun: 1
steps:
  split: {inputs: all, outputs: $outputs, run: 'cd parts; split -l 1 -a 6 ../all x; i=0; for f in x*; do i=\$((i+1)); mv \$f \$i; done'}
  each: {foreach: $table, inputs: "parts/{chunk}", outputs: "each/{chunk}", run: ": > {outputs}"}
YAML
  (cd "$top/$kind" && "$provrun" run -q split)
done
{
  add discover "grow-$n/plan" - "cd $top/discover && exec $provrun plan"
  add csv "grow-$n/plan" - "cd $top/csv && exec $provrun plan"
} | python3 "$bench/measure.py" --rounds "${ROUNDS:-3}"
finish "$top"
