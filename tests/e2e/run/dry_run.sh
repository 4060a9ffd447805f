# -n tells what would run and runs nothing.
chain
js run -n
expect_ran
[ ! -e a.txt ] || fail 'a.txt was made'
ok provrun run
ran > /dev/null
printf 'x\n' > in.txt
ok provrun run -n
expect_ran
