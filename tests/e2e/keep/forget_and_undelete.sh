# forget by rules says why, moves to the trash, is undone by undelete; the catalog follows.
chain
ok provrun run
echo four >> in.txt
ok provrun run
echo five >> in.txt
ok provrun run
first=$(provrun snapshots --json | jq -r .snapshot | tail -n 1)
js forget --keep-last 1 --dry-run
[ "$(json '[.[]|select(.type=="retention" and .keep)]|length')" = 1 ] || fail 'keeps one'
expect_summary forgotten=2 kept=1 dry_run=true
[ "$(provrun snapshots --json | wc -l)" = 3 ] || fail 'a dry run forgot'
js forget --keep-last 1
expect_summary forgotten=2 kept=1
[ "$(provrun snapshots --json | wc -l)" = 1 ] || fail 'they are still listed'
[ "$(provrun log --json | grep -c '"type":"run"')" = 1 ] || fail 'the catalog did not follow'
fails 6 provrun ls "$first"
js undelete
[ "$(json '[.[]|select(.type=="forgotten")]|length')" = 2 ] || fail 'two in the trash'
ok provrun prune --keep-trash 0
js undelete "$first"
expect_summary undeleted=1
[ "$(provrun snapshots --json | wc -l)" = 2 ] || fail 'it is not back'
ok provrun verify "$first"
fails 6 provrun undelete "$first"
fails 2 provrun forget
fails 2 provrun forget latest --keep-last 1
fails 2 provrun forget --keep-last none
# A tag that nobody has keeps the newest all the same.
ok provrun forget --keep-tag papre
[ "$(provrun snapshots --json | wc -l)" = 1 ] || fail 'the group was emptied'
