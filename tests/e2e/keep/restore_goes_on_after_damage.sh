# A damaged pack costs the files in it, and each is named.
mkdir d
head -c 300000 /dev/urandom > d/bad
ok provrun --repo r init
ok provrun --repo r backup d
pack=$(find r/packs -type f)
echo fine > d/good
ok provrun --repo r backup d
chmod u+w "$pack"
printf 'XXXXXXXX' | dd of="$pack" bs=1 seek=1000 conv=notrunc status=none
fails 5 provrun --repo r restore latest --into out
has "$err" 'not restored: d/bad'
expect_file out/d/good fine
