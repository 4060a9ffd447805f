# The record of a killed run keeps the pipeline, parameters and tables that it ran with, whatever was
# made of these files since.
echo 'n: 1' > params.yaml
printf 'id\none\n' > table.csv
pipeline <<'YAML'
provrun: 1
name: killed
params: {file: params.yaml}
steps:
  s: {foreach: {csv: table.csv}, outputs: "{id}", run: 'kill -9 $(ps -o ppid= -p $PPID); sleep 5'}
YAML
cp pipeline.yaml params.yaml table.csv "$SCRATCH"
run provrun run
expect_exit 137
pipeline <<'YAML'
provrun: 1
name: killed
params: {file: params.yaml}
steps:
  s: {foreach: {csv: table.csv}, outputs: "{id}", run: 'echo x > {outputs}'}
YAML
echo 'n: 2' > params.yaml
printf 'id\ntwo\n' > table.csv
ok provrun run -q
js log
expect_json 'map(.state) == ["completed", "interrupted"]'
for file in pipeline.yaml params.yaml table.csv; do
  ok provrun cat latest~1:$file
  expect_same "$out" "$SCRATCH/$file"
done
ok provrun verify latest~1
ok test -z "$(ls .provrun/runs)"
