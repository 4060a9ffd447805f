# A step without outputs runs once, and again when its input has changed.
echo 1 > in.txt
pipeline <<'YAML'
provrun: 1
name: effects
steps:
  note: {inputs: in.txt, run: "cat {inputs} >> notes.log"}
YAML
ok provrun run
ok provrun run
expect_file notes.log 1
echo 2 > in.txt
ok provrun run
expect_file notes.log '1
2'
