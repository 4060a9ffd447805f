# Content decides, not time: touched inputs and outputs are up to date.
chain
ok provrun run
ran > /dev/null
touch in.txt b.txt pipeline.yaml
js run
expect_summary executed=0 reused=0 up_to_date=4
expect_ran
