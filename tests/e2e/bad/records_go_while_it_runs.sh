# What was deleted under a run's feet is never "recorded".
step() { printf 'provrun: 1\nname: gone\nsteps:\n  s: {outputs: o, run: "%s; echo x > o"}\n' "$1" > pipeline.yaml; }
step 'rm -rf .provrun/repository'
fails 1 provrun run
expect_err_like "[1/1] s in TIME: it has no result here yet
provrun: error: the run could not be recorded: the repository HERE/.provrun/repository has gone: it has no config.json any more
hint: if it was moved, move it back"
rm -rf .provrun o
step 'rm -rf .provrun'
fails 1 provrun run
has "$err" 'provrun: error: the run could not be recorded: '
lacks "$err" ' recorded,'
rm -rf .provrun o
step 'rm -f .provrun/state.db'
ok provrun run
ok provrun log
has "$out" completed
