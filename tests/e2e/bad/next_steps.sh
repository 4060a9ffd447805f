# Errors that leave a person with nothing to do are half an error: these say the next step.
pipeline <<'YAML'
provrun: 1
name: x
steps:
  s: {outputs: o, run: 'echo x > o'}
YAML
fails 6 provrun run something-else
expect_err "provrun: error: 'something-else' is no target, step, instance or file of the pipeline
hint: 'provrun plan' lists the steps, 'provrun graph' their files"
fails 2 provrun --repo pipeline.yaml log
expect_err_like "provrun: error: HERE/pipeline.yaml is not a provrun repository: it is not a directory
hint: a repository is a folder; 'provrun --repo PATH init' makes one"
mkdir full
echo mine > full/file
fails 2 provrun --repo full init
expect_err_like "provrun: error: HERE/full is not empty: file is in it
hint: choose an empty or a new folder"
[ "$(ls full)" = file ] || fail 'something was written'
ok provrun run
fails 2 env TMPDIR="$PWD/nowhere" "$PROVRUN" reproduce latest
sed -i 's/reproduce-[A-Za-z0-9]*/reproduce-X/' "$err"
expect_err_like "provrun: error: no scratch folder: cannot make the directory HERE/nowhere/provrun-reproduce-X: No such file or directory
hint: set TMPDIR to a folder that can be written to, or give one with --into DIR"
chmod u+w .provrun/repository/config.json
echo garbage > .provrun/repository/config.json
fails 5 provrun log
expect_err_like "provrun: error: cannot open the repository HERE/.provrun/repository: config.json of the repository: not JSON near 'g'
hint: it was written once, by init: bring it back from a copy of the repository"
