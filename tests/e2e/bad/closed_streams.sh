# Closed standard streams: no message ends up in a file, none in an exception's name.
chain
provrun run >&- 2>&- < /dev/null || fail 'run'
ok provrun verify latest
for verb in log status 'log --json' 'status --json'; do
  provrun $verb >&- 2> "$err"
  code=$?
  [ "$code" = 1 ] || fail "$verb: exit $code"
  expect_err 'provrun: error: cannot write to standard output: Bad file descriptor'
done
provrun nonsense <&- >&- 2>&-
[ $? = 2 ] || fail 'nonsense'
echo four >> in.txt
provrun run <&- >&- 2>&- || fail 'run again'
ok provrun verify latest
ok provrun cat latest:a.txt
expect_out "$(sort in.txt)"
