# status --exit-code: 3 while something is stale, 0 otherwise; without the option always 0.
chain
fails 3 provrun status --exit-code
ok provrun status
ok provrun run
ok provrun status --exit-code
rm a.txt
fails 3 provrun status --exit-code
js status
