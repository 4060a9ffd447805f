# Stock par2 verifies and repairs the packs of a repository.
command -v par2 > /dev/null || skip 'no par2 here'
ok provrun --repo repository init --parity 6
export PROVRUN_REPO=$PWD/repository
mkdir data
for i in 1 2 3 4 5; do
  head -c $((200000 + i * 777)) /dev/urandom > data/$i.bin
  ok provrun backup data
done
sha256sum repository/packs/*/* > sums
chmod -R u+w repository
cd repository
for group in parity/*.par2; do ok par2 verify -B "$PWD" "$group"; done
cd ..
# All in one group, so that two packs of it can go.
ok provrun parity --set 0
ok provrun parity --set 25
groups=$(find repository/parity -name '*.par2' | wc -l)
[ "$groups" = 1 ] || fail "$groups groups"
mapfile -t packs < <(cd repository && find packs -type f | sort)
rm "repository/${packs[0]}"
truncate -s 5000 "repository/${packs[3]}"
cd repository
run par2 verify -B "$PWD" parity/*.par2
expect_exit 1
ok par2 repair -B "$PWD" parity/*.par2
cd ..
sha256sum -c --quiet sums || fail 'par2 has not repaired the packs'
find repository/packs -name '*.[0-9]' -delete # what par2 sets aside
js check --read-data
expect_summary damaged=0
# A damaged parity file is found, and made anew.
file=$(echo repository/parity/*.par2)
printf X | dd of="$file" bs=1 seek=3000 conv=notrunc status=none
js -5 check
expect_json "any(.type == \"damage\" and .object == \"${file#repository/}\")"
js check --repair
expect_summary damaged=1 repaired=1
cd repository
ok par2 verify -B "$PWD" parity/*.par2
cd ..
# Without parity nothing is missing.
ok provrun parity --set 0
[ -z "$(find repository/parity -name '*.par2')" ] || fail 'parity is still there'
js check --read-data
expect_summary damaged=0
fails 2 provrun parity --set 7
expect_err "provrun: error: parity is 0, 3, 6, 12 or 25 percent, not '7'
hint: 'provrun help parity' lists what it takes"
