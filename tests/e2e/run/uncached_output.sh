# The bytes of an output with cache: false are not in the repository: it is made again, not restored.
pipeline <<'YAML'
provrun: 1
steps:
  a: {outputs: {x: {path: x.txt, cache: false}}, run: 'touch ../ran.a.$$; echo secret-sauce > {outputs}'}
  b: {inputs: x.txt, outputs: b.txt, run: 'touch ../ran.b.$$; wc -c < {inputs} > {outputs}'}
YAML
ok provrun run
expect_ran a b
ok provrun verify latest
fails 6 provrun cat latest:x.txt
ok provrun run
expect_ran
rm x.txt
ok provrun run
expect_ran a
