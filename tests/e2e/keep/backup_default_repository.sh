# Without any pipeline: the default repository is made, and never stored in itself.
mkdir d && echo 1 > d/f
ok provrun backup .
has "$err" 'made the repository'
[ -f .provrun/repository/config.json ] || fail 'no repository'
ok provrun ls latest --json
expect_json '[.[]|select(.path|startswith(".provrun/repository"))] == []'
expect_json '[.[]|.path]|index("d/f") != null'
ok provrun backup d --tag first --skip-if-unchanged
js backup d --skip-if-unchanged
expect_summary snapshot=null unchanged=true
js backup d -n
expect_summary dry_run=true unmodified_files=1
echo 2 > d/f
js backup d -n
expect_summary changed_files=1
js snapshots
expect_json '[.[]|select(.type=="snapshot")]|length == 2'
fails 6 provrun --repo elsewhere backup d
fails 2 provrun backup
