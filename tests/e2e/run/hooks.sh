# Hooks run when a run is over: by what became of it, with secrets hidden, and without a say in the exit code.
cat > notify.sh <<'S'
#!/bin/sh
echo "$1 $PROVRUN_RUN_STATE $PROVRUN_WORKFLOW $PROVRUN_FAILURE" >> ../told
echo "token is $TOKEN"
[ "$2" != wrong ] || exit 5
S
chmod +x notify.sh
pipeline <<'YAML'
provrun: 1
name: hooked
params: {who: "a b"}
env: {secrets: [TOKEN]}
hooks:
  on_success: ["./notify.sh {params.who}", '"$PROVRUN" log --json > ../seen; "$PROVRUN" show $PROVRUN_RUN > ../shown']
  on_failure: ./notify.sh bad wrong
steps:
  a: {inputs: in, outputs: out, run: cp in out}
YAML
export TOKEN=swordfish-under-the-bridge PROVRUN
echo 1 > in
ok provrun run
expect_file ../told 'a b completed hooked '
has "$err" 'provrun: on_success: token is [redacted'
lacks "$err" swordfish
grep -q '"completed"' ../seen || fail 'the hook did not see its run'
[ -s ../shown ] || fail 'the run is not known to its hook'
ok provrun run
expect_file ../told 'a b completed hooked '
sed -i 's/cp in out/exit 3/' pipeline.yaml
fails 1 provrun run
has "$err" 'provrun: the hook on_failure failed with exit code 5; the run is what it was without it'
expect_file ../told $'a b completed hooked \nbad failed hooked a failed with exit code 3'
sed -i 's/exit 3/cp in out/; s/bad wrong/good/; s/on_success: .*/on_success: exit 9/' pipeline.yaml
echo 2 > in
js run
expect_summary state=completed
has "$err" 'the hook on_success failed with exit code 9'
ls .provrun/runs | grep hook && fail 'a folder is left'
ok provrun run -n
