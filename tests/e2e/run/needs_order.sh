# `needs` orders two steps that share no file.
pipeline <<'YAML'
provrun: 1
name: order
steps:
  second: {needs: first, outputs: two.txt, run: "ls one.txt > {outputs}"}
  first: {outputs: one.txt, run: "sleep 0.3; echo 1 > {outputs}"}
YAML
ok provrun run -j 2
expect_file two.txt one.txt
