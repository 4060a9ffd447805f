# Restoring into a folder that has other bytes under that name does not destroy them silently.
chain
ok provrun run
mkdir there
echo precious > there/c.txt
run provrun restore --run latest --into there
[ "$code" != 0 ] || fail 'overwrote without a word'
expect_file there/c.txt precious
