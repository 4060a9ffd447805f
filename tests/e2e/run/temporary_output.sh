# A temporary file is removed after its last reader, is not missed, and comes back when it is needed.
printf 'one\n' > in.txt; printf 'x\n' > other.txt
pipeline <<'YAML'
provrun: 1
steps:
  a: {inputs: in.txt, outputs: {t: {path: t.txt, temp: true}}, run: 'touch ../ran.a.$$; cat {inputs} > {outputs}'}
  b: {inputs: t.txt, outputs: b.txt, run: 'touch ../ran.b.$$; cat {inputs} > {outputs}'}
  c: {inputs: [t.txt, other.txt], outputs: c.txt, run: 'touch ../ran.c.$$; cat {inputs} > {outputs}'}
YAML
ok provrun run
expect_ran a b c
[ ! -e t.txt ] || fail 'the temporary file is still there'
ok provrun run
expect_ran
printf 'y\n' > other.txt
ok provrun run
expect_ran c
expect_file c.txt "$(printf 'one\ny')"
[ ! -e t.txt ] || fail 'the temporary file is there again'
ok provrun verify latest
