# prune removes what no snapshot needs and nothing else; removed packs wait in the trash.
chain
head -c 3000000 /dev/urandom > in.txt
ok provrun run
head -c 3000000 /dev/urandom > in.txt
ok provrun run
repository=.provrun/repository
size() { find $repository/packs -type f -printf '%s\n' | awk '{s+=$1} END {print s+0}'; }
before=$(size)
js prune
expect_summary removed_packs=0 freed_bytes=0
[ "$(size)" = "$before" ] || fail 'it removed what is needed'
first=$(provrun snapshots --json | jq -r .snapshot | tail -n 1)
ok provrun forget "$first"
js prune --keep-trash 0
expect_summary removed_packs=0 expired=0
ok provrun undelete "$first"
ok provrun forget "$first" --keep-forgotten 0
js prune --dry-run
[ "$(size)" = "$before" ] || fail 'a dry run removed'
expect_summary expired=1
js prune
[ "$(json '.[-1].removed_packs')" -gt 0 ] || fail 'nothing was removed'
[ "$(json '.[-1].trash_bytes')" -gt 2900000 ] || fail 'nothing is in the trash'
[ "$(size)" -lt $((before - 2900000)) ] || fail 'packs/ is as large as before'
js prune --keep-trash 0
[ "$(json '.[-1].freed_bytes')" -gt 2900000 ] || fail 'nothing was freed'
[ -z "$(find $repository/trash -name '*.zst')" ] || fail 'the trash is not empty'
ok provrun verify latest
ok provrun restore latest --into there
expect_same there/in.txt in.txt
fails 6 provrun undelete "$first"
# What was removed is stored anew when it comes again.
ok provrun restore latest --into keep
ok provrun run -B
ok provrun verify latest
