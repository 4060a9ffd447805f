# A step that gives other bytes each time: verdict different, exit 4; the stable output is identical.
pipeline <<'YAML'
provrun: 1
name: unstable
steps:
  clock: {outputs: now.txt, run: "date +%s%N > {outputs}"}
  fixed: {outputs: fixed.txt, run: "echo fixed > {outputs}"}
YAML
ok provrun run
js -4 reproduce latest
expect_json '.[]|select(.type=="output" and .path=="now.txt")|.verdict=="different"'
expect_json '.[]|select(.type=="output" and .path=="fixed.txt")|.verdict=="identical"'
fails 4 provrun reproduce latest
has "$out" now.txt
fails 6 provrun reproduce 00000000
