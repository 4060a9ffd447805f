# A protected output is read-only, and overwritten by force alone.
echo 1 > in.txt
pipeline <<'YAML'
provrun: 1
steps:
  a: {inputs: in.txt, outputs: {x: {path: x.txt, protected: true}}, run: "cat {inputs} > {outputs}"}
YAML
ok provrun run
[ "$(stat -c %a x.txt)" = 444 ] || fail "mode is $(stat -c %a x.txt)"
ok provrun run
echo 2 > in.txt
fails 1 provrun run
has "$err" 'would overwrite its protected output x.txt'
expect_file x.txt 1
ok provrun run --force a
expect_file x.txt 2
