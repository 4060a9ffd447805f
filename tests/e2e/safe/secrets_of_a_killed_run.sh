# A run with secrets is killed, and who completes its record does not know them: what was not looked through is not stored.
MYTOK=correct''horse42battery
export MYTOK
cat > a.yaml <<'YAML'
provrun: 1
env: {secrets: [MYTOK]}
steps:
  make: {outputs: [cfg.txt], run: "printf 'x=%s\\n' \"$MYTOK\" > cfg.txt"}
  slow: {needs: [make], outputs: [z.txt], run: "touch started; [ -e fast ] || sleep 60; echo > z.txt"}
YAML
cat > b.yaml <<'YAML'
provrun: 1
steps:
  b: {outputs: [b.txt], run: "echo b > b.txt"}
YAML
killed() {
  rm -f started
  "$PROVRUN" run -B a.yaml > "$SCRATCH/killed" 2>&1 &
  pid=$!
  wait_for [ -e started ]
  sleep 1
  kill -9 $pid
  wait $pid 2> /dev/null || true
}
none_stored() {
  in_repository > "$SCRATCH/all"
  lacks "$SCRATCH/all" "$secret"
  lacks "$SCRATCH/all" "$hash"
}
killed
secret=$MYTOK
hash=$(hash_of cfg.txt)
unset MYTOK
ok provrun run b.yaml
has "$err" 'its record is completed'
js show "$(provrun log --json | jq -r 'select(.type=="run" and .state=="interrupted").run')"
expect_json 'any(.[]; .type=="run" and any(.withheld[]; .path=="cfg.txt" and .holds=="perhaps a secret of the killed run"))'
none_stored
# What is known to hold a declared secret is not stored by runs that do not know it either.
MYTOK=$secret
export MYTOK
touch fast
ok provrun run a.yaml
unset MYTOK
cat > c.yaml <<'YAML'
provrun: 1
steps:
  use: {inputs: [cfg.txt], outputs: [u.txt], run: "wc -c < cfg.txt > u.txt"}
YAML
ok provrun run c.yaml
has "$err" 'cfg.txt holds a secret that was declared in an earlier run'
ok provrun exec --input cfg.txt -- wc -c cfg.txt
none_stored
# Who knows them stores what has none.
MYTOK=$secret
export MYTOK
rm fast
killed
ok provrun run b.yaml
js show "$(provrun log --json | jq -r 'select(.type=="run" and .state=="interrupted").run' | head -n 1)"
expect_json 'any(.[]; .type=="run" and any(.withheld[]; .path=="cfg.txt" and .holds=="a secret that was declared in an earlier run"))'
none_stored
