# Without state.db a run still does not compute anything anew.
chain
ok provrun run
ran > /dev/null
rm -f .provrun/state.db*
js run
expect_summary executed=0 failed=0
expect_ran
