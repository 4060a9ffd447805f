# `when` decides from parameters whether a step takes part.
pipeline <<'YAML'
provrun: 1
name: conditional
params: {mode: fast}
steps:
  slow: {outputs: slow.txt, when: "params.mode == 'full'", run: "echo s > {outputs}"}
  fast: {outputs: fast.txt, when: "params.mode == 'fast'", run: "echo f > {outputs}"}
YAML
ok provrun run
[ -e fast.txt ] || fail 'fast did not run'
[ ! -e slow.txt ] || fail 'slow ran'
sed -i 's/mode: fast/mode: full/' pipeline.yaml
ok provrun run
[ -e slow.txt ] || fail 'slow did not run'

# A step that needs what a switched-off one would make is told so.
pipeline <<'YAML'
provrun: 1
params: {mode: fast}
steps:
  make: {foreach: [a, b], outputs: "out/{item}.txt", when: "item == 'a' or params.mode == 'full'", run: "echo {item} > {outputs}"}
  use: {inputs: [out/a.txt, out/b.txt], outputs: used.txt, run: "cat {inputs} > {outputs}"}
YAML
fails 2 provrun run
expect_err "provrun: error: pipeline.yaml:5:29: step 'use' needs out/b.txt, which is not there; step 'make' would make it, but its 'when' is false
    use: {inputs: [out/a.txt, out/b.txt], outputs: used.txt, run: \"cat {inputs} > {outputs}\"}
                              ^
hint: its 'when' stands in line 4; give step 'use' the same one, or make the file"
