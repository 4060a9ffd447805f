# Attributes, devices and hard links count in diff and in differences as tar; inodes do not.
mkdir d
echo a > d/a; echo b > d/b; echo c > d/c; echo x > d/x; ln d/a d/a2; echo p > d/p; ln d/p d/p2
touch -d 2001-01-01 d/*
setfattr -n user.origin -v here d/x 2> /dev/null || skip 'no extended attributes here'
ok provrun --repo r init
ok provrun --repo r backup d
# The same again under new inodes: no difference.
cp -a d e; rm -r d; mv e d
js --repo r backup d
expect_json 'any(.type == "summary" and .changed_files > 0)'
ok provrun --repo r diff latest~1 latest
expect_out ''
# Another value, one name less in a group, one more in another.
setfattr -n user.origin -v there d/x
rm d/a2; cp -p d/a d/a2
ln d/p d/p3
setfacl -m u:1:r d/c 2> /dev/null && acl=yes
touch -d 2001-01-01 d
ok provrun --repo r backup d
ok provrun --repo r diff latest~1 latest
cat > "$SCRATCH/expected" <<'TEXT'
U d/a  links
U d/a2  links
U d/c  attributes
+ d/p3
U d/x  attributes
TEXT
[ "${acl:-}" ] || sed -i '/d.c /d' "$SCRATCH/expected"
sed -i 's/U d.c  attributes/U d\/c  mode, attributes/' "$SCRATCH/expected"
sed 's/mode, attributes/attributes/' "$out" > "$SCRATCH/got"
sed -i 's/mode, attributes/attributes/' "$SCRATCH/expected"
expect_same "$SCRATCH/expected" "$SCRATCH/got"
# The chain gives the same attributes and links.
provrun --repo r export --format tar latest~1 > full.tar 2> "$err" || fail 'export fails'
provrun --repo r export --format tar --since latest~1 latest > more.tar 2> "$err" || fail 'export fails'
ok provrun --repo s init
ok provrun --repo s import full.tar more.tar
ok provrun --repo s restore latest --into back
if command -v rsync > /dev/null; then
  ok rsync -aHAXS --checksum --dry-run --itemize-changes --delete d/ back/d/
  expect_out ''
fi
[ "$(stat -c %h back/d/p3)" = 3 ] || fail 'd/p3 is no name of d/p'
[ "$(stat -c %h back/d/a)" = 1 ] || fail 'd/a has another name still'
