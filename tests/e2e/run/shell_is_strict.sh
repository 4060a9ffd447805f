# bash -euo pipefail: a failing first half of a pipe and an unset variable fail the step.
pipeline <<'YAML'
provrun: 1
name: strict
steps:
  pipe: {outputs: a.txt, run: "false | cat > {outputs}"}
YAML
fails 1 provrun run
pipeline <<'YAML'
provrun: 1
name: strict
steps:
  unset: {outputs: a.txt, run: "echo $nobody_set_this > {outputs}"}
YAML
fails 1 provrun run
