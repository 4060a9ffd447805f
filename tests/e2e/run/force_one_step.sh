chain
ok provrun run
ran > /dev/null
js run --force b
expect_ran b
expect_json '.[]|select(.step=="b")|.reason.kind == "forced"'
