# What cannot be read is named and left out, and the exit code says so.
can_be_user
mkdir -p d/closed
echo one > d/open
echo two > d/secret
echo three > d/closed/inside
chmod 000 d/secret d/closed
ok provrun --repo r init
run as_user "$PROVRUN" --repo r backup d
expect_exit 3
has "$err" 'not stored: d/secret'
has "$err" '/d/closed'
has "$err" '2 files could not be stored'
chmod 700 d/closed
ok provrun --repo r restore latest --into out
expect_file out/d/open one
[ ! -e out/d/secret ] || fail 'secret is there'
fails 6 provrun --repo r backup not-there
has "$err" 'not-there'
echo more > d/open
run provrun --repo r backup d not-there
expect_exit 3
