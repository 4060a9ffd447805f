# -j 1 never runs two steps at once.
pipeline <<'YAML'
provrun: 1
name: serial
steps:
  s:
    matrix: {n: ["1", "2", "3", "4"]}
    outputs: "{n}.txt"
    run: mkdir busy; sleep 0.05; rmdir busy; echo {n} > {outputs}
YAML
ok provrun run -j 1
expect_file 4.txt 4
