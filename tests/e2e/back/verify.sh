# verify passes a whole run and finds a flipped byte: exit 5.
chain
head -c 200000 /dev/urandom > in.txt
ok provrun run
ok provrun verify latest
js verify latest
pack=$(find .provrun/repository/packs -type f | xargs ls -S | head -n 1)
chmod u+w "$pack"
size=$(stat -c %s "$pack")
printf '\252\125\252\125' | dd of="$pack" bs=1 seek=$((size / 2)) conv=notrunc status=none
run provrun verify latest
expect_exit 5
js -5 verify latest
