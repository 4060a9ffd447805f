# On a terminal one line tells how far the run is: done and all, time left, what runs. On a narrow one the
# names are cut, not the rest; colours stay away where they are not wanted.
pipeline <<'YAML'
provrun: 1
steps:
  first: {outputs: a, run: "sleep 1; echo a > {outputs}"}
  a-step-with-a-name-that-is-wider-than-the-terminal: {inputs: a, outputs: b, run: "until [ -e seen ] || [ $SECONDS -gt 60 ]; do sleep 0.1; done; echo b > {outputs}"}
  bad: {inputs: b, run: "exit 3"}
YAML
cat > "$SCRATCH/terminal.py" <<'PY'
import fcntl, os, pty, re, struct, sys, termios
columns = int(sys.argv[1])
pid, fd = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm"
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 20, columns, 0, 0))
    os.execvp(sys.argv[2], sys.argv[2:])
raw = b""
while True:
    try:
        piece = os.read(fd, 65536)
    except OSError:
        break
    if not piece:
        break
    raw += piece
    if " left · a".encode() in raw:  # the line may be drawn between two steps, too
        open("seen", "w").close()
os.waitpid(pid, 0)
sys.stdout.buffer.write(raw)
PY
watch() {
  rm -rf .provrun a b seen
  last="terminal of $1 columns: ${*:2}"
  python3 "$SCRATCH/terminal.py" "$@" > "$out" 2> "$err" < /dev/null || fail 'no terminal'
  # What was drawn, a line each, without the sequences that draw it.
  sed 's/\x1b\[K//g' "$out" | tr '\r' '\n' | grep '^\[' > "$SCRATCH/drawn"
}
watch 32 "$PROVRUN" run
grep -qE '^\[0/3\] first' "$SCRATCH/drawn" || fail 'not what runs'
grep -qE '^\[1/3\] [0-9.]+ (ms|s) left · a-s.*…$' "$SCRATCH/drawn" || fail 'no time left, or no step'
grep -q "$(printf '\033\\[31m')" "$out" || fail 'no colour'
while IFS= read -r line; do
  [ "${#line}" -le 31 ] || fail "wider than the terminal: $line"
done < "$SCRATCH/drawn"
export NO_COLOR=1
watch 120 "$PROVRUN" run
grep -qE '^\[1/3\] [0-9.]+ (ms|s) left · a-step-with-a-name-that-is-wider-than-the-terminal' "$SCRATCH/drawn" || fail 'no name'
grep -q "$(printf '\033\\[3')" "$out" && fail 'coloured'
watch 120 "$PROVRUN" run --progress none & # nothing is drawn, so nobody ends the step
pid=$!
for _ in $(seq 600); do [ -e a ] && break; sleep 0.1; done
touch seen
wait $pid
[ ! -s "$SCRATCH/drawn" ] || fail 'drawn all the same'
