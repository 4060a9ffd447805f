# The pipeline and its tables are no step's inputs; show and lineage say so instead of not knowing them.
printf 'id\nx\n' > s.csv
pipeline <<'YAML'
provrun: 1
steps:
  a: {foreach: {csv: s.csv}, outputs: "{id}.txt", run: "echo {id} > {outputs}"}
YAML
ok provrun run
fails 6 provrun show s.csv
expect_err "provrun: error: s.csv says which steps there are and is no step's own input
hint: each run has it: 'provrun find s.csv' lists its versions"
fails 6 provrun lineage down pipeline.yaml
has "$err" "pipeline.yaml says which steps there are and is no step's own input"
ok provrun find s.csv
has "$out" s.csv
fails 6 provrun show t.csv
has "$err" "no run, step or file 't.csv' is recorded"
