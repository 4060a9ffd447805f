pipeline <<'YAML'
provrun: 1
name: retry
steps:
  hopeless: {outputs: out.txt, retries: 1, run: "echo x >> tries; exit 3"}
YAML
fails 1 provrun run
[ "$(wc -l < tries)" = 2 ] || fail 'not two tries'
