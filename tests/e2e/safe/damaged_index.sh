# A cut index segment is damage, told with its name, and can be made good; no other file is touched.
chain
ok provrun run -q
segment=$(echo .provrun/repository/index/*)
chmod u+w "$segment"
truncate -s 20 "$segment"
rm -f .provrun/state.db*
export XDG_CACHE_HOME=$PWD/cache
for words in log 'show latest' run; do
  # shellcheck disable=SC2086
  fails 5 provrun $words
  sed -i -E 's/(snapshot|tree|chunk) [0-9a-f]{12}/\1 ID/g' "$err"
  expect_err "provrun: error: cannot read the record in snapshot ID: cannot read tree ID: chunk ID is not in the repository's index, whose segment ${segment#.provrun/repository/} is damaged
hint: run 'provrun repair --index'"
done
run provrun repair --index
ok provrun log
ok provrun verify latest
