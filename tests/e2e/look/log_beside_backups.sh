# Snapshots that hold no run, and runs of another checkout, are seen without changing the catalog.
chain
ok provrun run
ok provrun run -B
date > kept.txt
ok provrun backup kept.txt
before=$(sha256sum < .provrun/state.db)
js log
expect_json '[.[]|select(.type=="run")]|length == 2'
[ "$(sha256sum < .provrun/state.db)" = "$before" ] || fail "log changed the catalog"
mkdir ../second
cp pipeline.yaml *.txt ../second/
cd ../second
export PROVRUN_REPO=$OLDPWD/.provrun/repository
ok provrun run -B
cd "$OLDPWD"
js log
expect_json '[.[]|select(.type=="run")]|length == 3'
[ "$(sha256sum < .provrun/state.db)" = "$before" ] || fail "log changed the catalog"
ok provrun run -B
js log
expect_json '[.[]|select(.type=="run")]|length == 4'
