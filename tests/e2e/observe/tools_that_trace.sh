# Programs that trace others work inside of an observed command.
provrun doctor | grep -q 'ok *observing: notify' || skip "this machine cannot observe"
if command -v strace > /dev/null; then
  ok provrun exec --require traced -- strace -f -o trace.txt cat /etc/hostname
  grep -q 'hostname' trace.txt || fail "strace saw nothing"
fi
if command -v gdb > /dev/null; then
  ok provrun exec --require traced -- gdb -q -batch -nx -ex run -ex quit --args /bin/echo debugged
  has "$out" debugged
fi
command -v strace > /dev/null || command -v gdb > /dev/null || skip "neither strace nor gdb is here"
