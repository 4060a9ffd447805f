[ "$(id -u)" != 0 ] || skip 'root reads everything'
chain
chmod 000 in.txt
run provrun run
[ "$code" != 0 ] || fail 'ran without its input'
has "$err" in.txt
