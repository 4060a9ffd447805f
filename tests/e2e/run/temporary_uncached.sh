# A temporary file whose bytes are nowhere is made again when a step needs it, and the record says it once.
printf 'one\n' > in.txt; printf 'x\n' > other.txt
pipeline <<'YAML'
provrun: 1
steps:
  a: {inputs: in.txt, outputs: {t: {path: t.txt, temp: true, cache: false}}, run: 'touch ../ran.a.$$; sed s/^/t:/ {inputs} > {outputs}'}
  b: {inputs: t.txt, outputs: b.txt, run: 'touch ../ran.b.$$; wc -l < {inputs} > {outputs}'}
  c: {inputs: [t.txt, other.txt], outputs: c.txt, run: 'touch ../ran.c.$$; cat {inputs} > {outputs}'}
YAML
ok provrun run
expect_ran a b c
[ ! -e t.txt ] || fail 'the temporary file is still there'
printf 'y\n' > other.txt
js run
expect_summary executed=2 up_to_date=1
expect_ran a c
expect_file c.txt "$(printf 't:one\ny')"
[ ! -e t.txt ] || fail 'the temporary file is there again'
js show latest
expect_json '[.. | objects | select(.step? == "a")] | length == 1'
ok provrun verify latest
ok provrun run
expect_ran
