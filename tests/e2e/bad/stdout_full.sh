# A result that could not be written is a failure.
chain
ok provrun run
provrun log > /dev/full 2> "$err"
code=$?
[ "$code" != 0 ] || fail 'exit 0 though nothing was written'
