# What stands in an output's place on another file system is moved aside there: it cannot be renamed into .provrun.
unshare -rm true 2> /dev/null || skip 'no user namespaces'
mkdir disk
ln -s disk out
cat > inside.sh <<'SH'
mount -t tmpfs -o size=2m none disk || exit 77
echo mine > out/o
"$PROVRUN" run || exit 1
[ "$(cat out/o)" = new ] || exit 2
[ "$(cat out/.provrun-aside/*/o)" = mine ] || exit 3
SH
pipeline <<'YAML'
provrun: 1
name: scratch
steps:
  s: {outputs: out/o, run: "echo new > out/o"}
YAML
run unshare -rm bash inside.sh
[ "$code" != 77 ] || skip 'no mount'
expect_exit 0
has "$err" 'provrun: out/o was not made by a recorded run; it is now out/.provrun-aside/'
