# Snapshots by place, id, time, run, path and host; what does not fit is said.
chain
ok provrun run
sed -i 's/n: 2/n: 1/' pipeline.yaml
ok provrun run
js snapshots
expect_json 'length == 2 and all(.type == "snapshot") and .[0].time > .[1].time'
expect_json '.[0].paths == ["'"$PWD"'"] and .[0].tags == [] and .[0].parent == null'
new=$(json '.[0].snapshot') old=$(json '.[1].snapshot') run=$(json '.[1].run') time=$(json '.[1].time')
for name in latest~1 "$old" "${old:0:8}" "$run" "@$time"; do
  case $name in "@$time") name=@${time%.*}.999Z ;; esac
  ok provrun cat "$name:b.txt"
done
ok provrun cat "$old:b.txt"
expect_out 'one
three'
ok provrun cat "${new:0:6}:b.txt"
expect_out one
ok provrun cat latest:b.txt --run "$run"
expect_out 'one
three'
ok provrun cat latest:b.txt --path .
js snapshots --run any
expect_json 'length == 2'
js snapshots --run none
expect_json 'length == 0'
js snapshots --path "$PWD/elsewhere"
expect_json 'length == 0'
js snapshots --path /
expect_json 'length == 2'
js snapshots --host nowhere
expect_json 'length == 0'
js snapshots --tag nightly
expect_json 'length == 0'
js snapshots -n 1
expect_json 'length == 1 and .[0].snapshot == "'"$new"'"'
ok provrun snapshots --group-by host,run
has "$out" ', runs:'
has "$out" "run $run"
ok provrun snapshots --host nowhere
expect_out ''
expect_err 'provrun: no snapshots'
fails 6 provrun ls latest --host nowhere
expect_err "provrun: error: there is no snapshot 'latest' that fits
hint: 'provrun snapshots' lists them; it takes the same --host, --tag, --path and --run"
fails 6 provrun ls nightly
expect_err "provrun: error: there is no snapshot 'nightly'
hint: use latest, latest~N, @TIME, a tag, or the first four digits of an id"
fails 2 provrun ls abc
expect_err "provrun: error: 'abc' names no snapshot
hint: use latest, latest~N, @TIME, an id or at least its first four digits"
fails 2 provrun snapshots --group-by size
expect_err "provrun: error: --group-by takes host, paths, tags and run, not 'size'
hint: 'provrun help snapshots' lists what it takes"
fails 2 provrun snapshots --last 0
fails 2 provrun snapshots extra
