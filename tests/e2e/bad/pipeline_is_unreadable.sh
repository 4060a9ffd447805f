can_be_user
chain
chmod 000 pipeline.yaml
before=$(ls -A)
fails 7 as_user "$PROVRUN" run
expect_err_like "provrun: error: cannot use the pipeline: cannot open HERE/pipeline.yaml: Permission denied"
run as_user "$PROVRUN" plan --json
expect_exit 7
valid
expect_json '.[0] | .code == "refused" and .exit_code == 7'
[ "$(ls -A)" = "$before" ] || fail 'something was written'
