# run --events: a line for every change, as it happens, in a file or on standard output.
pipeline <<'YAML'
provrun: 1
steps:
  split: {outputs: {discover: "p/{c}"}, run: 'touch p/a p/b'}
  each: {foreach: {from: split}, inputs: "p/{c}", outputs: "e/{c}", run: 'touch {outputs}'}
  flaky: {outputs: f, retries: 1, run: '[ -e ../second ] || { touch ../second; exit 3; }; touch f'}
YAML
ok provrun run -j1 --events ../events
cp ../events "$out"
valid
expect_json '[.[]|.event] | index("run_started") == 0 and .[-1] == "run_ended" and index("run_grew") > 0'
expect_json '[.[]|select(.event=="attempt_failed")|[.step,.exit_code]] == [["flaky",3]]'
expect_json '[.[]|select(.event=="step_started" and .step=="flaky")|.attempt] == [1,2]'
expect_json '[.[]|select(.event=="step_ended")|.step]|sort == ["each@a","each@b","flaky","split"]'
expect_json '[.[]|select(.event=="run_grew")|.steps] == [4]'
ok provrun run --events -
valid
expect_json '[.[]|select(.event=="step_ended")|.state]|unique == ["up_to_date"]'
js run --events -
expect_json '[.[]|.type]|unique == ["event","step","summary"]'
[ "$(wc -l < ../events)" -gt 8 ] || fail 'the file was written anew'
ok provrun run --events ../events
fails 2 provrun run -n --events ../events
fails 6 provrun run --events no/such/folder
ok provrun run -B --events /dev/full
has "$err" 'no more events are written to /dev/full'
