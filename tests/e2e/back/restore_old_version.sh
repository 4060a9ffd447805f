# A file that has changed since comes back as it was in its run, with its mode.
pipeline <<'YAML'
provrun: 1
name: old
steps:
  s: {inputs: in.txt, outputs: tool.sh, run: "cp {inputs} {outputs}; chmod 755 {outputs}"}
YAML
echo first > in.txt
ok provrun run
echo second > in.txt
ok provrun run
ok provrun restore --run latest~1 --into there
expect_file there/tool.sh first
[ -x there/tool.sh ] || fail 'the mode is lost'
expect_file tool.sh second
