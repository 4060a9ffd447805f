# Which step wants it, and the nearest existing name.
echo x > measurements.csv
pipeline <<'YAML'
provrun: 1
name: missing
steps:
  tidy: {inputs: mesurements.csv, outputs: o.txt, run: "cp {inputs} {outputs}"}
YAML
run provrun run
case $code in 2 | 6) ;; *) fail "exit $code" ;; esac
has "$err" tidy
has "$err" mesurements.csv
has "$err" measurements.csv
[ ! -e o.txt ] || fail 'ran'
