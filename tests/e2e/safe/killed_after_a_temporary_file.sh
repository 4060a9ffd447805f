# A run that is killed after it removed a temporary file goes on: nothing that was done runs again, nothing uncached is stored.
head -c 3000000 /dev/urandom > big.bin
pipeline <<'YAML'
provrun: 1
steps:
  a: {inputs: big.bin, outputs: {t: {path: t.bin, temp: true}}, run: 'touch ../ran.a.$$; tac -s a big.bin > {outputs}'}
  u: {outputs: {x: {path: u.txt, cache: false}}, run: 'touch ../ran.u.$$; echo salt-of-the-sea > {outputs}'}
  b: {inputs: [t.bin, u.txt], outputs: b.txt, run: 'touch ../ran.b.$$; cat {inputs} | wc -c > {outputs}'}
  c: {inputs: b.txt, outputs: c.txt, run: 'touch ../ran.c.$$; [ -e go ] || { touch here; sleep 60; }; cp {inputs} {outputs}'}
YAML
set -m
"$PROVRUN" run > "$out" 2> "$err" < /dev/null &
pid=$!
wait_for test -e here
[ ! -e t.bin ] || fail 'the temporary file is still there'
kill -9 -- "-$pid" 2> /dev/null || kill -9 "$pid"
wait "$pid" 2> /dev/null
expect_ran a b c u
touch go
ok provrun run
expect_ran c
expect_file c.txt 3000016
ok provrun verify latest
fails 6 provrun cat latest:u.txt
ok provrun run
expect_ran
