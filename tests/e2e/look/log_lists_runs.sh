# A run that finds nothing to do leaves no record; every other one does, the failed one too.
chain
ok provrun run
ok provrun run
ok provrun run -B
sed -i 's/sort {inputs}/exit 9/' pipeline.yaml
fails 1 provrun run
js log
expect_json '[.[]|select(.type=="run")]|length == 3'
expect_json '[.[]|select(.type=="run")|.state] == ["failed","completed","completed"]'
expect_json '[.[]|select(.type=="run")]|all(.workflow=="chain" and (.run|length)==36 and (.config_hash|length)==64 and .user!="" and (.started|endswith("Z")))'
expect_json '[.[]|select(.type=="run")]|all(.git_commit == null and .git_dirty == null)'
js log --status failed
expect_json '[.[]|select(.type=="run")]|length == 1'
js log --workflow nothing
expect_json '[.[]|select(.type=="run")]|length == 0'
js log --limit 1
expect_json '[.[]|select(.type=="run")]|length == 1'
ok provrun log
has "$out" chain
has "$out" failed
