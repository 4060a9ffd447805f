# From the pipeline, and from the tables and parameter files it is made of, lineage leads to every step of their runs.
printf 'id\nx\n' > s.csv
pipeline <<'YAML'
provrun: 1
steps:
  a: {foreach: {csv: s.csv}, outputs: "{id}.txt", run: "echo {id} > {outputs}"}
YAML
ok provrun run
ok provrun show s.csv
has "$out" s.csv
for file in s.csv pipeline.yaml; do
  js lineage down $file
  expect_json "[.[]|select(.type==\"edge\")|[.relation,.path]] == [[\"used\",\"$file\"],[\"generated\",\"x.txt\"]]"
done
printf 'id\nx\ny\n' > s.csv
ok provrun run
js lineage down s.csv
expect_json '[.[]|select(.type=="edge" and .relation=="generated").path] == ["y.txt"]'
ok provrun find s.csv
has "$out" s.csv
fails 6 provrun show t.csv
has "$err" "no run, step or file 't.csv' is recorded"
