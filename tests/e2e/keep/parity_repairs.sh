# What is damaged or gone is brought back by check --repair, from parity.
ok provrun --repo repository init --parity 6
export PROVRUN_REPO=$PWD/repository
mkdir data
for i in 1 2 3 4 5 6; do
  head -c $((300000 + i * 1000)) /dev/urandom > data/$i.bin
  ok provrun backup data
done
js parity
expect_summary parity_percent=6 packs=6 covered_packs=6 waiting_bytes=0
js check --read-data
expect_summary damaged=0
mapfile -t packs < <(cd repository && find packs -type f | sort)
sha256sum repository/packs/*/* > sums
same() { sha256sum -c --quiet sums || fail "packs differ: $*"; }
chmod -R u+w repository

# Two whole packs are gone.
rm "repository/${packs[1]}" "repository/${packs[4]}"
js -5 check
expect_json '.[-1].damaged >= 2 and .[-1].repaired == 0'
js check --repair
expect_json '.[-1].damaged >= 2 and .[-1].repaired == .[-1].damaged'
expect_json "any(.type == \"damage\" and .object == \"${packs[1]}\" and .repaired == \"parity\")"
same "two deleted"
js check --read-data
expect_summary damaged=0

# One is cut off; 32 sectors of others are zeros.
truncate -s 100000 "repository/${packs[0]}"
for i in $(seq 0 31); do
  dd if=/dev/zero of="repository/${packs[2 + i % 2]}" bs=512 seek=$((i * 16)) count=1 conv=notrunc status=none
done
ok provrun check --repair
has "$out" "repaired: ${packs[0]}: "
has "$out" '; by parity'
expect_exit 0
has "$err" 'damaged objects, all repaired; 6 of 6 packs read'
same "cut and zeroed"
[ "$(find repository/trash/damaged -type f | wc -l)" = 3 ] || fail 'what was damaged is not kept'

# Once more: nothing to do, nothing written.
find repository -type f | sort > before
js check --repair
expect_summary damaged=0 repaired=0
find repository -type f | sort | diff before - || fail 'a repair without damage wrote something'

# More than parity can bring back is told, and what is there stays.
rm -rf repository/trash/damaged
for n in 0 1 2 3 4; do rm "repository/${packs[n]}"; done
rm -rf data
js -5 check --repair
expect_json 'any(.type == "damage" and (.files | length) > 0 and (.repaired == null))'
sha256sum -c --quiet <(grep "${packs[5]}" sums) || fail 'the pack that was left has changed'
