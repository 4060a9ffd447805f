# Each bad document is refused with exit 2, its place, and nothing on disk.
check() { # NAME PLACE TEXT < document
  cat > pipeline.yaml
  before=$(fingerprint .)
  fails 2 provrun run
  expect_out ''
  has "$err" 'provrun: error:'
  has "$err" "pipeline.yaml:$2"
  has "$err" "$3"
  ! grep -Eq 'std::|YAML::|terminate|what\(\)' "$err" || fail "$1: an exception's name is shown"
  fails 2 provrun plan
  [ "$(fingerprint .)" = "$before" ] || fail "$1: something was written"
}
check wrong-type 3 steps <<'YAML'
provrun: 1
name: x
steps: [a, b]
YAML
check bad-unit 4 time <<'YAML'
provrun: 1
name: x
steps:
  s: {outputs: o, resources: {time: 90 parsecs}, run: "true"}
YAML
check undefined-template 4 inptus <<'YAML'
provrun: 1
name: x
steps:
  s: {outputs: o, run: "cp {inptus} {outputs}"}
YAML
check duplicate-key 5 s <<'YAML'
provrun: 1
name: x
steps:
  s: {outputs: o, run: "true"}
  s: {outputs: p, run: "true"}
YAML
check two-makers 5 same.txt <<'YAML'
provrun: 1
name: x
steps:
  one: {outputs: same.txt, run: "true"}
  two: {outputs: ./same.txt, run: "true"}
YAML
check unknown-needs 4 frist <<'YAML'
provrun: 1
name: x
steps:
  second: {needs: frist, outputs: o, run: "true"}
  first: {outputs: p, run: "true"}
YAML
check missing-csv 4 nowhere.csv <<'YAML'
provrun: 1
name: x
steps:
  s: {foreach: {csv: nowhere.csv}, outputs: "{id}", run: "true"}
YAML
check not-version-1 1 2 <<'YAML'
provrun: 2
name: x
steps: {}
YAML
check yaml-error 4 ':' <<'YAML'
provrun: 1
name: x
steps:
  s: {outputs: o, run: "true"
YAML
check outside 4 '..' <<'YAML'
provrun: 1
name: x
steps:
  s: {outputs: ../../outside.txt, run: "true"}
YAML
