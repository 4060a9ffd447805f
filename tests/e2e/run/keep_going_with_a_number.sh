# -k takes a number that follows it, as ninja's does; 0 is no limit. A word that is no number is a target.
pipeline <<'YAML'
provrun: 1
name: keep
steps:
  a: {outputs: a, run: "exit 1"}
  b: {outputs: b, run: "exit 1"}
  c: {outputs: c, run: "exit 1"}
  d: {outputs: d, run: "echo > d"}
YAML
run provrun run --json -j 1 -k 0
expect_exit 1
expect_summary executed=1 failed=3
run provrun run --json -j 1 -k 2 a b c
expect_exit 1
expect_summary failed=2 skipped=1
run provrun run --json -j 1 -k2 a b c
expect_summary failed=2 skipped=1
run provrun run --json -j 1 --keep-going 0 a b
expect_summary failed=2
run provrun run --json -j 1 -k a b
expect_summary failed=2
fails 2 provrun run -k -1
