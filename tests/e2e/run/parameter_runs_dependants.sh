# Only the step that uses a parameter, and what follows from it, runs again.
chain
ok provrun run
ran > /dev/null
sed -i 's/n: 2/n: 1/' pipeline.yaml
js run
expect_ran b c
expect_json '.[]|select(.step=="b")|.reason.kind == "parameter" or .reason.kind == "command"'
