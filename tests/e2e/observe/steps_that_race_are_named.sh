# Two steps writing one path, and one that reads what another makes without waiting for it.
traced_or_skip
pipeline <<'YAML'
provrun: 1
steps:
  a: {run: "echo 1 > x"}
  b: {run: "echo 2 > x"}
  c: {run: "cat x > y"}
YAML
ok provrun run -j1
has "$err" 'b and a both write x: its contents depend on their order'
has "$err" 'c reads x, which a makes, and does not wait for it'
