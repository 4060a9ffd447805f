# Over data that is there, only what differs is written; --delete takes the rest away.
mkdir -p d/sub
echo same > d/same
echo right > d/changed
echo x > d/sub/x
ok provrun --repo r init
ok provrun --repo r backup d
fails 1 provrun --repo r restore latest --into .
has "$err" 'exists already'
inode=$(stat -c %i d/same)
echo wrong > d/changed
chmod 0600 d/same
: > d/extra
mkdir -p d/other/deep
js --repo r restore latest --into . --overwrite --dry-run
expect_summary kept_files=2 files=3
expect_file d/changed wrong
js --repo r restore latest --into . --overwrite
expect_summary kept_files=2 removed=0
expect_file d/changed right
[ "$(stat -c %i d/same)" = "$inode" ] || fail 'what was the same is another file'
[ "$(stat -c %a d/same)" = 644 ] || fail 'the mode was not set'
[ -e d/extra ] || fail 'extra has gone'
js --repo r restore latest --into out
: > out/d/extra
mkdir -p out/d/sub/deep/er
js --repo r restore latest --into out --overwrite --delete --verify
expect_summary removed=2
[ ! -e out/d/extra ] && [ ! -e out/d/sub/deep ] || fail 'something is left'
ok provrun --repo r restore latest:d/sub --into one
expect_file one/d/sub/x x
[ ! -e one/d/same ] || fail 'more than asked for'
