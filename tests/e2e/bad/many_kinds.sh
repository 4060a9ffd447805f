# Each bad document is refused with exit 2, the whole message, and nothing on disk.
check() { # NAME MESSAGE < document
  cat > pipeline.yaml
  before=$(fingerprint .)
  fails 2 provrun run
  expect_out ''
  expect_err "$2" || fail "$1"
  fails 2 provrun plan
  expect_err "$2"
  [ "$(fingerprint .)" = "$before" ] || fail "$1: something was written"
}
check wrong-type "provrun: error: pipeline.yaml:3:8: 'steps' must be a map, not a list
  steps: [a, b]
         ^
hint: such as: steps: {hello: {run: echo hello}}" <<'YAML'
provrun: 1
name: x
steps: [a, b]
YAML
check wrong-type-of-number "provrun: error: pipeline.yaml:4:28: 'retries' of step 's' must be a whole number from 0 to 1000, not the text 'many'
    s: {outputs: o, retries: many, run: \"true\"}
                             ^
hint: such as: retries: 3" <<'YAML'
provrun: 1
name: x
steps:
  s: {outputs: o, retries: many, run: "true"}
YAML
check yes-is-text "provrun: error: pipeline.yaml:4:27: 'always' of step 's' must be true or false, not the text 'yes'
    s: {outputs: o, always: yes, run: \"true\"}
                            ^
hint: write true or false, without quotes" <<'YAML'
provrun: 1
name: x
steps:
  s: {outputs: o, always: yes, run: "true"}
YAML
check bad-unit "provrun: error: pipeline.yaml:4:37: 'time' of step 's' must be a duration such as 90s or 2h, not the text '90 parsecs'
    s: {outputs: o, resources: {time: 90 parsecs}, run: \"true\"}
                                      ^
hint: units: ms, s, min, h, d" <<'YAML'
provrun: 1
name: x
steps:
  s: {outputs: o, resources: {time: 90 parsecs}, run: "true"}
YAML
check no-unit "provrun: error: pipeline.yaml:4:37: 'time' of step 's' must be a duration such as 90s or 2h, not 90
    s: {outputs: o, resources: {time: 90}, run: \"true\"}
                                      ^
hint: did you mean 90s? Units: ms, s, min, h, d" <<'YAML'
provrun: 1
name: x
steps:
  s: {outputs: o, resources: {time: 90}, run: "true"}
YAML
check undefined-template "provrun: error: pipeline.yaml:4:28: unknown template {inptus}
    s: {outputs: o, run: \"cp {inptus} {outputs}\"}
                             ^
hint: did you mean {inputs}? To pass the braces on as they are, write {{inptus}}" <<'YAML'
provrun: 1
name: x
steps:
  s: {outputs: o, run: "cp {inptus} {outputs}"}
YAML
check undefined-in-a-block "provrun: error: pipeline.yaml:10:10: unknown template {params.alhpa}
        cp {params.alhpa} {outputs}
           ^
hint: did you mean {params.alpha}? To pass the braces on as they are, write {{params.alhpa}}" <<'YAML'
provrun: 1
name: x
params: {alpha: 1}
steps:
  s:
    outputs: o
    params: [alpha]
    run: |
      echo hello
      cp {params.alhpa} {outputs}
YAML
# The caret stands under its word though the line before it has a tab and letters of two bytes.
check after-a-tab "provrun: error: pipeline.yaml:4:27: unknown template {inptus}
    s: {outputs: o, run: \"é\\t{inptus}\"}
                             ^
hint: did you mean {inputs}? To pass the braces on as they are, write {{inptus}}" < <(
  printf 'provrun: 1\nname: x\nsteps:\n  s: {outputs: o, run: "é\t{inptus}"}\n')
check duplicate-key "provrun: error: pipeline.yaml:5:3: the key 's' stands here twice
    s: {outputs: p, run: \"true\"}
    ^
hint: the first one is in line 4" <<'YAML'
provrun: 1
name: x
steps:
  s: {outputs: o, run: "true"}
  s: {outputs: p, run: "true"}
YAML
check two-makers "provrun: error: pipeline.yaml:5:18: the output 'same.txt' of step 'two' is also an output of step 'one'
    two: {outputs: ./same.txt, run: \"true\"}
                   ^
hint: the first one is declared in line 4" <<'YAML'
provrun: 1
name: x
steps:
  one: {outputs: same.txt, run: "true"}
  two: {outputs: ./same.txt, run: "true"}
YAML
check inside-anothers-directory "provrun: error: pipeline.yaml:5:18: the output 'dir/same.txt' of step 'two' lies inside 'dir', an output directory of step 'one'
    two: {outputs: dir/same.txt, run: \"true\"}
                   ^
hint: an output directory belongs to one step instance alone" <<'YAML'
provrun: 1
name: x
steps:
  one: {outputs: dir/, run: "true"}
  two: {outputs: dir/same.txt, run: "true"}
YAML
check own-input "provrun: error: pipeline.yaml:4:15: step 'a' reads 'a.txt', which is emptied when it starts: the stream 'stdout' goes there
    a: {inputs: a.txt, stdout: a.txt, run: \"cat {inputs}\"}
                ^
hint: write the result to another path" <<'YAML'
provrun: 1
name: x
steps:
  a: {inputs: a.txt, stdout: a.txt, run: "cat {inputs}"}
YAML
check records-as-output "provrun: error: pipeline.yaml:4:16: the output '.provrun/repository' of step 's' lies in the folder that provrun keeps its records in
    s: {outputs: .provrun/repository/, run: \"true\"}
                 ^
hint: write the result to another path" <<'YAML'
provrun: 1
name: x
steps:
  s: {outputs: .provrun/repository/, run: "true"}
YAML
check records-as-input "provrun: error: pipeline.yaml:4:15: the input '.provrun/state.db' of step 's' lies in the folder that provrun keeps its records in
    s: {inputs: .provrun/state.db, outputs: o, run: \"true\"}
                ^
hint: copy it to another path, or read it with 'provrun cat'" <<'YAML'
provrun: 1
name: x
steps:
  s: {inputs: .provrun/state.db, outputs: o, run: "true"}
YAML
check pipeline-as-output "provrun: error: pipeline.yaml:4:16: the output 'pipeline.yaml' of step 's' is the pipeline itself
    s: {outputs: pipeline.yaml, run: \"true\"}
                 ^
hint: write the result to another path" <<'YAML'
provrun: 1
name: x
steps:
  s: {outputs: pipeline.yaml, run: "true"}
YAML
check outside "provrun: error: pipeline.yaml:4:16: the output '../../outside.txt' of step 's' lies outside of the workspace
    s: {outputs: ../../outside.txt, run: \"true\"}
                 ^
hint: outputs are relative paths below the pipeline file's directory" <<'YAML'
provrun: 1
name: x
steps:
  s: {outputs: ../../outside.txt, run: "true"}
YAML
check misspelt-steps "provrun: error: pipeline.yaml:3:1: unknown key 'stpes' in the pipeline
  stpes:
  ^
hint: did you mean 'steps'?" <<'YAML'
provrun: 1
name: x
stpes:
  s: {outputs: o, run: "true"}
YAML
check after-wide-letters "provrun: error: pipeline.yaml:4:30: unknown template {inptus}
    s: {outputs: o, run: \"漢字漢字 {inptus}\"}
                                   ^
hint: did you mean {inputs}? To pass the braces on as they are, write {{inptus}}" <<'YAML'
provrun: 1
name: x
steps:
  s: {outputs: o, run: "漢字漢字 {inptus}"}
YAML
long=$(printf 'x%.0s' $(seq 2000))
check in-a-long-line "provrun: error: pipeline.yaml:4:2026: unknown template {inptus}
  [...]${long:0:99} {inptus}\"}
                                                                                                           ^
hint: did you mean {inputs}? To pass the braces on as they are, write {{inptus}}" <<YAML
provrun: 1
name: x
steps:
  s: {outputs: o, run: "$long {inptus}"}
YAML
check long-name "provrun: error: pipeline.yaml:4:3: unknown key '${long:0:119}[...]${long:0:59}' in 'defaults'
    ${long:0:153}[...]
    ^
hint: known here: retries, resources, shell, compare, trace, undeclared" <<YAML
provrun: 1
name: x
defaults:
  ${long:0:900}: 1
steps: {s: {run: "true"}}
YAML
check range-too-long "provrun: error: pipeline.yaml:4:24: the range has 1000000000000001 numbers: that is more than 2000000 instances
    a: {foreach: {range: [0, 1e15]}, outputs: \"x{item}\", run: \"true\"}
                         ^
hint: the first and the last number are both part of it" <<'YAML'
provrun: 1
name: x
steps:
  a: {foreach: {range: [0, 1e15]}, outputs: "x{item}", run: "true"}
YAML
