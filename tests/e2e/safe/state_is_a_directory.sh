# A folder in the place of the catalog is said to be one, and repaired without losing what is in it.
chain
ok provrun run -q
rm -f .provrun/state.db*
mkdir .provrun/state.db
echo mine > .provrun/state.db/file
for words in run log plan; do
  fails 5 provrun $words
  expect_err_like "provrun: error: cannot open HERE/.provrun/state.db: it is no regular file
hint: it holds nothing that cannot be rebuilt: delete it, or run 'provrun repair --catalog'"
done
ok provrun repair --catalog
[ -f .provrun/state.db ] || fail 'no catalog was made'
expect_file "$(echo .provrun/state.db.aside-*)/file" mine
js run
expect_summary executed=0 failed=0
