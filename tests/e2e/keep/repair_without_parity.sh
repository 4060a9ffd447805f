# Without parity: other packs, what can be read of a damaged one, live files, the step run again; then what is lost.
ok provrun --repo repository init --parity 0
export PROVRUN_REPO=$PWD/repository
mkdir -p data/small
head -c 900000 /dev/urandom > data/a.bin
for i in $(seq 20); do head -c 1000 /dev/urandom > data/small/$i; done
ok provrun backup data
pack=$(find repository/packs -type f -printf '%s %P\n' | sort -n | tail -n 1 | cut -d' ' -f 2)
chmod -R u+w repository
# One flipped byte: the piece comes from the live file, the others from the pack itself.
printf X | dd of="repository/packs/$pack" bs=1 seek=1000 conv=notrunc status=none
js -5 check --read-data
js check --repair
expect_summary damaged=1 repaired=1
js check --read-data
expect_summary damaged=0
[ -f "repository/trash/damaged/${pack#*/}" ] || ls repository/trash/damaged/"$(basename "$pack" .zst)"-1.zst > /dev/null || fail 'not kept'
ok provrun restore latest --into back
diff -r data back/data || fail 'the restored files differ'
# Small files share pieces: those come back too.
rm -rf back

# A file that has changed since is lost, and named; the rest is there.
cp data/a.bin keep
head -c 900000 /dev/urandom > other
ok provrun backup data
for pack in repository/packs/*/*; do
  printf XXXX | dd of="$pack" bs=1 seek=300000 conv=notrunc status=none
done 2> /dev/null
cp other data/a.bin
js -5 check --repair
expect_json 'any(.type == "damage" and (.files | any(endswith("data/a.bin") or . == "a.bin")) and (.repaired == null))'
# It comes back when the file is.
cp keep data/a.bin
js check --repair
js check --read-data
expect_summary damaged=0
ok provrun restore latest --into back
cmp keep back/data/a.bin || fail 'the file that came back differs'
