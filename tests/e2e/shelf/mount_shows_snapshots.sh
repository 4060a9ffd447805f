# mount: snapshots by id, time, host and as latest; the bytes are right; a signal ends it.
[ -c /dev/fuse ] && [ "$(id -u)" = 0 ] || skip 'needs /dev/fuse and root'
head -c 700000 /dev/urandom > in.bin
pipeline <<'YAML'
provrun: 1
steps:
  a: {inputs: in.bin, outputs: [out/copy.bin, out/t.txt], run: "mkdir -p out; cat in.bin in.bin in.bin > out/copy.bin; echo t > out/t.txt"}
YAML
ok provrun run
id=$(provrun snapshots --json | jq -r .snapshot)
mkdir "$SCRATCH/mnt"
"$PROVRUN" mount "$SCRATCH/mnt" > "$SCRATCH/mount.out" 2>&1 &
mounting=$!
for _ in $(seq 200); do
  [ -d "$SCRATCH/mnt/times" ] && break
  if ! kill -0 $mounting 2> /dev/null; then
    has "$SCRATCH/mount.out" 'provrun: error: cannot mount on '
    skip 'mounting is not permitted here'
  fi
  sleep 0.05
done
end() { kill -TERM $mounting; wait $mounting; ended=$?; }
trap 'end' EXIT
cmp "$SCRATCH/mnt/latest/out/copy.bin" out/copy.bin || fail 'other bytes'
cmp "$SCRATCH/mnt/ids/${id:0:16}/in.bin" in.bin || fail 'other bytes'
cmp <(tail -c +1234567 "$SCRATCH/mnt/latest/out/copy.bin" | head -c 5000) <(tail -c +1234567 out/copy.bin | head -c 5000)
diff -r "$SCRATCH/mnt/latest/out" out || fail 'the folders differ'
[ "$(ls "$SCRATCH/mnt")" = 'hosts
ids
latest
tags
times' ] || fail "$(ls "$SCRATCH/mnt")"
[ "$(ls "$SCRATCH/mnt/hosts")" = "$(hostname)" ] || fail 'hosts'
[ "$(stat -c '%s %Y' "$SCRATCH/mnt/latest/in.bin")" = "$(stat -c '%s %Y' in.bin)" ] || fail 'size and time'
! touch "$SCRATCH/mnt/latest/new" 2> /dev/null || fail 'it can be written to'
! cat "$SCRATCH/mnt/latest/nothing" 2> /dev/null || fail 'nothing is something'
trap - EXIT
end
[ "$ended" = 0 ] || fail "exit $ended"
[ -z "$(ls "$SCRATCH/mnt")" ] || fail 'it is still mounted'
fails 6 provrun mount "$SCRATCH/nowhere"
expect_err "provrun: error: there is no folder $SCRATCH/nowhere
hint: make it first: mkdir $SCRATCH/nowhere"
fails 2 provrun mount
expect_err "provrun: error: mount takes one folder
hint: 'provrun help mount' lists what it takes"
