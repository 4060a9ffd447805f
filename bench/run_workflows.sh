#!/bin/sh
# The same workflow by make, ninja and provrun: everything once, nothing to do, one output removed.
#   usage: run_workflows.sh SHAPE N      SHAPE: chain, fanout or layers
#   PROVRUN (the binary), J (parallel steps, default 2), ROUNDS (no-op rounds, default 7), FULL_ROUNDS (default 3),
#   SYSTEMS (default: make ninja provrun provrun-csv), SCRATCH, KEEP=1
set -eu
shape=${1:?shape} n=${2:?n}
. "$(dirname "$0")/lib.sh"
systems=${SYSTEMS:-"make ninja provrun provrun-csv"}
top=$scratch/$shape-$n
rm -rf "$top"
python3 "$bench/gen_workflow.py" "$shape" "$n" "$top"
middle=$(cat "$top/middle")

command_of() {
  case $1 in
    make) echo "cd $top/make && exec make -s -j$jobs" ;;
    ninja) echo "cd $top/ninja && exec ninja --quiet -j$jobs" ;;
    *) echo "cd $top/$1 && exec $provrun -q run -j$jobs" ;;
  esac
}
clean_of() { echo "cd $top/$1 && rm -rf out .ninja_log .ninja_deps .provrun && mkdir out"; }

for s in $systems; do add "$s" "$shape-$n/full" "$(clean_of "$s")" "$(command_of "$s")"; done |
  python3 "$bench/measure.py" --rounds "${FULL_ROUNDS:-3}" --warmup 0
for s in $systems; do add "$s" "$shape-$n/noop" - "$(command_of "$s")"; done |
  python3 "$bench/measure.py" --rounds "${ROUNDS:-7}"
for s in $systems; do add "$s" "$shape-$n/one_missing" "rm -f $top/$s/$middle" "$(command_of "$s")"; done |
  python3 "$bench/measure.py" --rounds "${ROUNDS:-7}"
finish "$top"
