# Anchors and << work; a key beside << wins.
pipeline <<'YAML'
provrun: 1
name: merge
steps:
  a: &base {outputs: a.txt, shell: sh, run: "echo a > {outputs}"}
  b: {<<: *base, outputs: b.txt}
YAML
ok provrun run
expect_file b.txt a
