# A changed input runs what depends on it, and nothing else.
chain
ok provrun run
ran > /dev/null
printf 'four\n' > in.txt
js run
expect_ran a b c
expect_steps 'a executed' 'b executed' 'c executed'
expect_file c.txt 1
