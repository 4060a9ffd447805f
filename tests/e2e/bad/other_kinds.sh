# More bad documents: exit 2, the place, the word in question, and nothing on disk.
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
check yaml-error 5 YAML <<'YAML'
provrun: 1
name: x
steps:
  s: {outputs: o, run: "true"
YAML
