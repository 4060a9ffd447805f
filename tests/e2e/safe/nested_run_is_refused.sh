# A step that runs its own workflow would wait for itself: it fails at once instead.
pipeline <<'YAML'
provrun: 1
name: nested
steps:
  s: {outputs: out.txt, run: "\"$INNER\" run; echo > {outputs}"}
env: {pass: [INNER]}
YAML
INNER=$PROVRUN fails 1 provrun run
has "$err" 'would wait for itself'
