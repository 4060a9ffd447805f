# -j 2 runs two steps at once: each of them waits for the other.
pipeline <<'YAML'
provrun: 1
name: parallel
steps:
  left: {outputs: l.txt, run: "touch left.flag; for i in $(seq 100); do [ -e right.flag ] && break; sleep 0.05; done; [ -e right.flag ]; echo l > {outputs}"}
  right: {outputs: r.txt, run: "touch right.flag; for i in $(seq 100); do [ -e left.flag ] && break; sleep 0.05; done; [ -e left.flag ]; echo r > {outputs}"}
YAML
ok provrun run -j 2
expect_file l.txt l
