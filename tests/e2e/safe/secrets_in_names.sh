# Names are recorded as they are: a step whose output has a declared secret in its name has failed.
MYTOK=correct''horse42battery
export MYTOK
none() {
  in_repository > "$SCRATCH/all"
  lacks "$SCRATCH/all" "$MYTOK"
  lacks "$out" "$MYTOK"
  lacks "$err" "$MYTOK"
}
steps() {
  pipeline <<YAML
provrun: 1
env: {secrets: [MYTOK]}
steps:
  a: $1
YAML
}
steps '{outputs: [o/], run: "mkdir -p o; echo 1 > o/$MYTOK.txt"}'
fails 1 provrun run
has "$err" 'a makes a file whose name holds the secret MYTOK'
none
steps '{outputs: ["d/{x}.txt"], run: "mkdir -p d; echo 1 > d/$MYTOK.txt"}'
sed -i 's/outputs: .*\], run/outputs: [{discover: "d\/{x}.txt"}], run/' pipeline.yaml
fails 1 provrun run --events "$SCRATCH/events"
has "$err" 'whose name holds the secret MYTOK'
none
lacks "$SCRATCH/events" "$MYTOK"
steps '{outputs: [l/], run: "mkdir -p l; ln -s /nowhere/$MYTOK l/link"}'
run provrun run
[ "$code" != 0 ] || fail 'a link to a secret name was recorded'
has "$err" 'l/link is a link to a name that holds the secret MYTOK'
none
steps '{outputs: [e.txt], run: "echo 1 > e.txt; echo 2 > und-$MYTOK.txt"}'
ok provrun run
has "$err" 'writes without declaring it'
none
