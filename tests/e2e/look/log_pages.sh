# On a terminal the list goes through a pager, all of it; elsewhere and with --no-pager the newest 50 are shown.
printf 'provrun: 1\nsteps: {a: {outputs: a, run: "echo > a"}}\n' > pipeline.yaml
ok provrun run
provrun run -B > /dev/null 2>&1
cat > "$SCRATCH/terminal.py" <<'PY'
import os, pty, sys
os.environ["TERM"] = "xterm"
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:], lambda fd: os.read(fd, 4096))))
PY
export PROVRUN_PAGER='sed s/^/paged:/'
run python3 "$SCRATCH/terminal.py" "$PROVRUN" log
expect_exit 0
[ "$(grep -c '^paged:.*completed' "$out")" = 2 ] || fail 'not through the pager'
run python3 "$SCRATCH/terminal.py" "$PROVRUN" log --no-pager
lacks "$out" paged
[ "$(grep -c completed "$out")" = 2 ] || fail 'not listed'
run python3 "$SCRATCH/terminal.py" "$PROVRUN" log --json
lacks "$out" paged
PROVRUN_PAGER='head -n 1 | tr a-z A-Z' run python3 "$SCRATCH/terminal.py" "$PROVRUN" log
[ "$(grep -c COMPLETED "$out")" = 1 ] || fail 'a line for the shell'
PROVRUN_PAGER=no-such-program run python3 "$SCRATCH/terminal.py" "$PROVRUN" log
[ "$(grep -c completed "$out")" = 2 ] || fail 'without a pager'
ok provrun log
lacks "$out" paged
