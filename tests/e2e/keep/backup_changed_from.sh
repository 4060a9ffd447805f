# Only what the list says is looked at; the result is what looking at everything gives.
mkdir -p d/a/b d/c d/gone/deep d/kind e
for f in d/a/one d/a/b/two d/c/three d/gone/deep/four d/kind/five d/top e/other; do echo "$f" > "$f"; done
ln -s a d/link
touch -d 2001-01-01 d/a/one
ok provrun --repo d/r init
provrun() { "$PROVRUN" --repo d/r "$@"; }
printf '' > none
js backup d e --changed-from none
expect_summary new_files=7
# Everything that can happen, and one change that the list does not tell.
echo changed > d/a/one
echo new > d/a/b/new
mkdir -p d/new/deep && echo n > d/new/deep/file
rm -r d/gone
rm -r d/kind && echo now > d/kind
rm d/link && mkdir d/link && echo x > d/link/x
chmod 700 d/c
echo unlisted > d/top
printf '%s\n' d/a/one "$PWD/d/a/b/new" d/new d/gone d/kind d/link/x ./d/r/config.json d/c d/nothing/at/all /elsewhere > list
js backup d e --changed-from list
expect_summary new_files=3 changed_files=2 errors=0
js backup d e --parent latest~1 --tag full
provrun diff latest~1 latest > "$out" 2> "$err"
expect_out 'M d/top  6 B -> 9 B'
ok provrun check --read-data
ok provrun restore latest~1 --into back
[ "$(cat back/d/a/one back/d/a/b/new back/d/new/deep/file back/d/kind back/d/link/x back/d/top)" = 'changed
new
n
now
x
d/top' ] || fail 'not what was listed'
[ ! -e back/d/gone ] && [ ! -e back/d/r ] && [ "$(stat -c %a back/d/c)" = 700 ] || fail 'gone, r or c'
# NUL between, a name with a newline, a folder as a whole, and exclusions.
printf x > $'d/a/new\nline'
echo y > d/a/b/y.tmp
printf 'd/a\0' | provrun backup d e --changed-from0 - -e '*.tmp' > "$out" 2> "$err" || fail 'fails'
ok provrun cat $'latest:d/a/new\nline'
expect_text "$out" x
fails 6 provrun cat latest:d/a/b/y.tmp
# Nothing listed, nothing done; the root named looks at everything; a folder as the root.
js backup d e -e '*.tmp' --changed-from none --skip-if-unchanged
expect_summary unchanged=true
echo top > d/top
cd d
ok "$PROVRUN" --repo r backup .
echo again > top
echo quiet > c/three
echo top | "$PROVRUN" --repo r backup . --changed-from - > "$out" 2> "$err" || fail 'fails'
ok "$PROVRUN" --repo r cat latest:top
expect_out again
ok "$PROVRUN" --repo r cat latest:c/three
expect_out d/c/three
echo . | "$PROVRUN" --repo r backup . --changed-from - > "$out" 2> "$err" || fail 'fails'
ok "$PROVRUN" --repo r cat latest:c/three
expect_out quiet
# A hard link beside kept ones stays right.
ln top top2
ok "$PROVRUN" --repo r backup .
echo linked > top
echo top | "$PROVRUN" --repo r backup . --changed-from - > "$out" 2> "$err" || fail 'fails'
ok "$PROVRUN" --repo r restore latest --into ../linked
expect_file ../linked/top linked
expect_file ../linked/top2 again
fails 2 "$PROVRUN" --repo r backup . --changed-from ../none --gitignore
has "$err" 'provrun: error: --changed-from looks into no other folders'
fails 2 "$PROVRUN" --repo r backup . --changed-from ../none --force
