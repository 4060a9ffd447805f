# state.db is an index: without it, repair --catalog brings the history and the decisions back.
chain
ok provrun run
provrun log --json | jq -S . > before.json
rm -f .provrun/state.db*
ok provrun repair --catalog
provrun log --json | jq -S . > after.json
expect_same before.json after.json
ok provrun lineage up c.txt
ran > /dev/null
js run
expect_summary executed=0 failed=0
expect_ran
