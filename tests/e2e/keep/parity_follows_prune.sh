# No group names a pack that a prune has removed, and repair works on.
ok provrun --repo repository init --parity 6
export PROVRUN_REPO=$PWD/repository
mkdir data
for i in 1 2 3 4 5; do
  head -c 200000 /dev/urandom > data/$i.bin
  ok provrun backup --tag t$i data
  rm -f data/$((i - 1)).bin
done
js snapshots
mapfile -t ids < <(json '.[]|select(.type=="snapshot")|.snapshot')
ok provrun forget --keep-forgotten 0 "${ids[0]}" "${ids[1]}"
js prune --keep-trash 0 --max-unused 0%
[ "$(json '.[-1].removed_packs')" -ge 1 ] || fail 'nothing was removed'
js parity
expect_json '.[-1] | .packs == .covered_packs and .waiting_bytes == 0'
# Every name in a group is a pack that is there.
for name in $(cat repository/parity/*.par2 | grep -ao 'packs/[0-9a-f]\{2\}/[0-9a-f]\{64\}\.zst' | sort -u); do
  [ -f "repository/$name" ] || fail "a group names $name, which is gone"
done
chmod -R u+w repository
pack=$(find repository/packs -type f -printf '%s %p\n' | sort -n | tail -n 1 | cut -d' ' -f 2)
rm "$pack"
js check --repair
expect_json ".[-1].damaged >= 1 and .[-1].repaired == .[-1].damaged"
js check --read-data
expect_summary damaged=0
