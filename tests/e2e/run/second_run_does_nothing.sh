chain
js run
expect_summary state=completed executed=4 up_to_date=0
expect_ran a b c d
js run
expect_summary state=completed executed=0 reused=0 up_to_date=4
expect_ran
