# kill -9 while discovered instances run: the next run goes on with those that are missing.
pipeline <<'YAML'
provrun: 1
steps:
  split: {outputs: {parts: {discover: "p/{c}"}}, run: 'touch ../ran.split.$$; for c in a b c; do echo $c > p/$c; done'}
  each: {foreach: {from: split.parts}, inputs: "p/{c}", outputs: "e/{c}", run: 'touch ../ran.{name}.$$; [ {c} != b ] || [ -e go ] || { touch here; sleep 73; }; cp {inputs} {outputs}'}
  all: {inputs: {e: {collect: each}}, outputs: all.txt, run: 'touch ../ran.all.$$; cat {inputs} > {outputs}'}
YAML
set -m
"$PROVRUN" run -j1 > "$out" 2> "$err" < /dev/null &
pid=$!
wait_for test -e here
kill -9 -- "-$pid" 2> /dev/null || kill -9 "$pid"
wait "$pid" 2> /dev/null
expect_ran each@a each@b split
touch go
js status
expect_json '[.[]|select(.type=="step")|.step]|length == 3 or length == 5'
ok provrun run
expect_ran all each@b each@c
expect_file all.txt $'a\nb\nc'
ok provrun verify latest
ok provrun run
has "$err" 'nothing to do, 5 steps are up to date'
