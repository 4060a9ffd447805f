# -n tells what would run and runs nothing.
chain
js run -n
expect_json '[.[]|select(.type=="step")]|length == 4 and all(.state=="would_run")'
expect_ran
[ ! -e a.txt ] || fail 'a.txt was made'
ok provrun run
ran > /dev/null
printf 'x\n' > in.txt
ok provrun run -n
expect_ran
