# A step's folder that is not there is not taken for a missing program.
pipeline <<'YAML'
provrun: 1
name: nowhere
steps:
  s: {cwd: nodir, outputs: o.txt, run: touch o.txt}
YAML
fails 1 provrun run
expect_err_like "provrun: failed: step s cannot go to HERE/nodir: No such file or directory
  to run it alone: cd nodir && bash -euo pipefail -c 'touch o.txt'
provrun: 0 executed, 1 failed in TIME; run RUN recorded, SIZE new in the repository"
