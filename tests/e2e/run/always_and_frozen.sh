# `always` runs each time; `frozen` never runs, even when its input has changed.
echo 1 > in.txt
pipeline <<'YAML'
provrun: 1
name: modes
steps:
  clock: {outputs: n.txt, always: true, run: "echo x >> count; wc -l < count > {outputs}"}
  ice: {inputs: in.txt, outputs: ice.txt, run: "cp {inputs} {outputs}; echo ran >> ice.log"}
YAML
ok provrun run
sed -i 's/  ice: {/  ice: {frozen: true, /' pipeline.yaml
echo 2 > in.txt
ok provrun run
expect_file n.txt 2
expect_file ice.log ran
expect_file ice.txt 1
