#!/bin/sh
# Parity of a repository's packs beside par2cmdline over the same files, with slices of the same size and as many.
#   usage: parity.sh [MIB]      default 256; PROVRUN, SCRATCH, KEEP as in run_workflows.sh. Needs par2.
set -eu
mib=${1:-256}
. "$(dirname "$0")/lib.sh"
top=$scratch/parity-$mib
rm -rf "$top"
mkdir -p "$top/data"
head -c "${mib}M" /dev/urandom > "$top/data/bytes"
export PROVRUN_REPO="$top/repository"
"$provrun" -q --repo "$PROVRUN_REPO" init --parity 0
"$provrun" -q backup "$top/data"
rm -rf "$top/data"
# Once, for the shape: slices and recovery slices of the group.
"$provrun" -q parity --set 6
group=$(ls -S "$PROVRUN_REPO"/parity/*.par2 | head -n 1)
shape=$(par2 verify -B "$PROVRUN_REPO" "$group")
size=$(printf '%s' "$shape" | sed -n 's/^The block size used was \([0-9]*\) bytes.*/\1/p')
recovery=$(grep -ao 'PAR 2.0.RecvSlic' "$group" | wc -l)
"$provrun" -q parity --set 0
echo "$mib MiB, slices of $size bytes, $recovery recovery slices" >&2
{
  add provrun "parity-$mib/make" "$provrun -q parity --set 0" "exec $provrun -q parity --set 6"
  add par2 "parity-$mib/make" "rm -rf $top/par2; mkdir $top/par2" \
    "cd $PROVRUN_REPO && exec par2 create -q -q -R -n1 -s$size -c$recovery -B $PROVRUN_REPO -a $top/par2/x.par2 packs"
} | python3 "$bench/measure.py" --rounds "${ROUNDS:-3}"
finish "$top"
