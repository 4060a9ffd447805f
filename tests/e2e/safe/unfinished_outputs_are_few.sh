# Outputs of failed steps are kept for a look, of the last runs only; somebody's own file is kept for ever.
pipeline <<'YAML'
provrun: 1
name: fails
steps:
  s: {outputs: o.txt, run: "echo half > o.txt; exit 1"}
YAML
echo mine > o.txt
for i in $(seq 14); do fails 1 provrun run -q; done
[ "$(ls .provrun/unfinished | wc -l)" -le 11 ] || fail 'unfinished outputs pile up'
expect_file "$(ls -d .provrun/unfinished/* | tail -1)/o.txt" half
expect_file "$(echo .provrun/aside/*/o.txt)" mine
