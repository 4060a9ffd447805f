# No space for the record: the run fails with exit 8, says so, and goes through once there is space.
unshare -rm true 2> /dev/null || skip 'no user namespaces'
mkdir small
cat > inside.sh <<'SH'
mount -t tmpfs -o size=1m none small || exit 77
cp pipeline.yaml in.txt small/ && cd small || exit 77
"$PROVRUN" run; echo "code $?" >&2
rm -f fill
"$PROVRUN" run; echo "code $?" >&2
SH
head -c 300000 /dev/urandom > in.txt
pipeline <<'YAML'
provrun: 1
name: full
steps:
  s: {inputs: in.txt, outputs: out.txt, run: "cp {inputs} {outputs}; head -c 2000000 /dev/zero > fill 2>/dev/null || true"}
YAML
run unshare -rm bash inside.sh
[ "$code" != 77 ] || skip 'no mount'
has "$err" 'code 8'
has "$err" 'o space'
[ "$(tail -n 1 "$err")" = 'code 8' ] || [ "$(tail -n 1 "$err")" = 'code 0' ] || fail 'the second run'
