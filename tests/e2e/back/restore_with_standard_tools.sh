# The repository is readable without provrun: a pack is a zstd file, and holds the output's bytes.
chain
echo a-line-that-is-nowhere-else > in.txt
ok provrun run
[ -f .provrun/repository/FORMAT ] || fail 'no FORMAT'
for pack in $(find .provrun/repository/packs -type f); do
  zstd -tq "$pack" || fail "zstd does not accept $pack"
  zstd -dcq "$pack"
done > all.txt
has all.txt a-line-that-is-nowhere-else
