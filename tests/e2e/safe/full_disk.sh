# No space for the record: the run fails with exit 8, says so, and goes through once there is space.
unshare -rm true 2> /dev/null || skip 'no user namespaces'
mkdir small
cat > inside.sh <<'SH'
mount -t tmpfs -o size=2m none small || exit 77
cp pipeline.yaml in.txt small/ && cd small || exit 77
"$PROVRUN" run; echo "code $?" >&2
rm -f fill
"$PROVRUN" run; echo "code $?" >&2
"$PROVRUN" verify latest >&2; echo "code $?" >&2
SH
head -c 300000 /dev/urandom > in.txt
pipeline <<'YAML'
provrun: 1
name: full
steps:
  s: {inputs: in.txt, outputs: out.txt, run: "cp {inputs} {outputs}; head -c 3000000 /dev/zero > fill 2>/dev/null || true"}
YAML
run unshare -rm bash inside.sh
[ "$code" != 77 ] || skip 'no mount'
[ "$(grep -c '^code' "$err")" = 3 ] || fail 'three commands'
grep -qx 'code 8' "$err" || fail 'the full disk was not met'
has "$err" 'provrun: error: the run could not be recorded: cannot write '
has "$err" ': No space left on device'
has "$err" 'hint: make room and run again: the next run completes the record and goes on'
