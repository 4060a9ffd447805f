# A directory is an output like a file: it is recorded whole, and comes back whole.
pipeline <<'YAML'
provrun: 1
name: folder
steps:
  make: {outputs: parts/, run: "mkdir -p parts/deep; echo 1 > parts/one; echo 2 > parts/deep/two"}
  use: {inputs: parts/, outputs: list.txt, run: "cat parts/one parts/deep/two > {outputs}; echo u >> use.log"}
YAML
ok provrun run
expect_file list.txt '1
2'
rm -r parts
js run
expect_summary executed=0 failed=0
expect_file parts/deep/two 2
expect_file use.log u
