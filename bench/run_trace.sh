#!/bin/sh
# What observing costs: real programs alone, under strace (with and without its filter), ReproZip, and provrun exec.
#   usage: run_trace.sh [CFILES [PROCESSES [FILES]]]      defaults 50, 1000, 20000
#   PROVRUN (the binary), ROUNDS (default 5), SYSTEMS (default: none provrun-off provrun strace strace-all reprozip, where they
#   are installed), CASES (default: gcc numpy true opens compute), SCRATCH, KEEP=1
# Compare with `provrun-off`, which is `exec --trace off`: both record the run.
set -eu
cfiles=${1:-50} processes=${2:-1000} files=${3:-20000}
. "$(dirname "$0")/lib.sh"
top=$scratch/trace
rm -rf "$top"
mkdir -p "$top/c" "$top/many" "$top/space"
python3 - "$top" "$cfiles" "$files" <<'P'
import sys
top, cfiles, files = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for i in range(cfiles):
    with open(f"{top}/c/m{i}.c", "w") as f:
        f.write("#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <math.h>\n")
        for n in range(40):
            f.write(f"int f{i}_{n}(int x) {{ char b[64]; snprintf(b, sizeof b, \"%d\", x * {n}); return (int)strlen(b); }}\n")
for i in range(files):
    open(f"{top}/many/{i:05d}", "w").write("x")
P
python=$(command -v /usr/bin/python3 || command -v python3)
cat > "$top/gcc.sh" <<S
for f in $top/c/*.c; do gcc -O1 -c \$f -o \${f%.c}.o; done
S
printf 'i=0; while [ $i -lt %s ]; do /bin/true; i=$((i+1)); done\n' "$processes" > "$top/true.sh"
cat > "$top/opens.py" <<S
import os
for i in range($files):
    fd = os.open('$top/many/%05d' % i, os.O_RDONLY); os.read(fd, 16); os.close(fd)
S
printf 's = 0\nfor i in range(20000000): s += i\n' > "$top/compute.py"

command_of() {
  case $1 in
    gcc) echo "sh $top/gcc.sh" ;;
    numpy) echo "$python -c 'import numpy, pandas'" ;;
    true) echo "sh $top/true.sh" ;;
    opens) echo "$python $top/opens.py" ;;
    compute) echo "$python $top/compute.py" ;;
  esac
}
under() {
  case $1 in
    none) echo "exec $2" ;;
    strace) echo "exec strace -f --seccomp-bpf -e trace=file -o $top/strace.out $2" ;;
    strace-all) echo "exec strace -f -e trace=file -o $top/strace.out $2" ;;
    reprozip) echo "exec reprozip trace --overwrite --dont-identify-packages --dont-find-inputs-outputs -d $top/rpz $2" ;;
    provrun) echo "cd $top/space && exec $provrun -q exec -- $2" ;;
    provrun-*) echo "cd $top/space && exec $provrun -q exec --trace ${1#provrun-} -- $2" ;;
  esac
}
for c in ${CASES:-gcc numpy true opens compute}; do
  [ "$c" != numpy ] || $python -c 'import numpy, pandas' 2> /dev/null || continue
  for s in ${SYSTEMS:-none provrun-off provrun strace strace-all reprozip}; do
    case $s in strace*) command -v strace > /dev/null || continue ;; reprozip) command -v reprozip > /dev/null || continue ;; esac
    add "$s" "$c" - "$(under "$s" "$(command_of "$c")")"
  done
done | python3 "$bench/measure.py" --rounds "${ROUNDS:-5}" --ratio-to none
finish "$top"
