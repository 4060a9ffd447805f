chain
ok provrun run
ran > /dev/null
js run -B
expect_summary executed=4
expect_ran a b c d
