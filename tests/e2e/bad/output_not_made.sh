# The step that promised it fails, what waited for it does not run, and nothing looks valid.
pipeline <<'YAML'
provrun: 1
name: lazy
steps:
  s: {outputs: [made.txt, promised.txt], run: "echo nothing; echo x > made.txt"}
  t: {inputs: promised.txt, outputs: t.txt, run: "cp {inputs} {outputs}"}
YAML
fails 1 provrun run
expect_out ''
expect_err_like "provrun: s: unfinished made.txt is now .provrun/unfinished/RUN/made.txt
provrun: failed: step s did not make its output promised.txt
  | nothing
  to run it alone: bash -euo pipefail -c 'echo nothing; echo x > made.txt'
provrun: 0 executed, 1 failed, 1 not run in TIME; run RUN recorded, SIZE new in the repository"
[ ! -e made.txt ] || fail 'half of the outputs stays'
js -1 run
expect_summary failed=1 skipped=1
expect_json '.[]|select(.step=="s")|.failure == "did not make its output promised.txt"'
