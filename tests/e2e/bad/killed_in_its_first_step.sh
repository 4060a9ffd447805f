# A run that is killed before anything ended leaves a record too. A step's parent is the launcher, and its the run.
pipeline <<'YAML'
provrun: 1
name: killed
steps:
  s: {outputs: o, run: 'kill -9 $(ps -o ppid= -p $PPID); sleep 5'}
YAML
run provrun run
expect_exit 137
pipeline <<'YAML'
provrun: 1
name: killed
steps:
  s: {outputs: o, run: 'echo x > o'}
YAML
ok provrun run
has "$err" 'did not come to its end; its record is completed'
js log
expect_json 'map(.state) == ["completed", "interrupted"]'
