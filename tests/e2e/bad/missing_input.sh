# Which step wants it, and the nearest existing name.
echo x > measurements.csv
pipeline <<'YAML'
provrun: 1
name: missing
steps:
  tidy: {inputs: mesurements.csv, outputs: o.txt, run: "cp {inputs} {outputs}"}
YAML
before=$(fingerprint .)
fails 2 provrun run
expect_out ''
expect_err "provrun: error: pipeline.yaml:4:18: step 'tidy' needs mesurements.csv, which is not there and which no step makes
    tidy: {inputs: mesurements.csv, outputs: o.txt, run: \"cp {inputs} {outputs}\"}
                   ^
hint: did you mean measurements.csv?"
js -2 run
expect_json '.[0] | .code == "invalid_input" and .hint == "did you mean measurements.csv?" and .position.column == 18'
[ "$(fingerprint .)" = "$before" ] || fail 'something was written'
# Links that lead nowhere, or in a circle.
for target in nowhere mesurements.csv; do
  ln -sfn $target mesurements.csv
  fails 2 provrun run
  expect_err "provrun: error: pipeline.yaml:4:18: step 'tidy' cannot use its input: mesurements.csv is a symbolic link that leads nowhere
    tidy: {inputs: mesurements.csv, outputs: o.txt, run: \"cp {inputs} {outputs}\"}
                   ^"
  rm mesurements.csv
done
[ ! -e .provrun ] || fail 'something was written'
