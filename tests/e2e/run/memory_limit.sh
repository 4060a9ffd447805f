# A step is held to its memory; one that needs more is tried again with more.
pipeline <<'YAML'
provrun: 1
steps:
  hungry:
    outputs: out.txt
    resources: {memory: "{attempt}*60MiB"}
    retries: {max: 2, on: [oom, exit]}
    run: |
      python3 -c 'x = bytearray(90 * 1024 * 1024); print(len(x))' > {outputs}
YAML
ok provrun run
expect_file out.txt 94371840
js show hungry
expect_json '[.. | objects | select(has("attempts")) | .attempts] | map(select(length == 2)) | length >= 1'
expect_json '[.. | objects | .memory_limit? | select(. != null) | .bytes] == [62914560, 125829120]'
expect_json '[.. | objects | .memory_limit? | select(. != null) | .by] | all(IN("cgroup2", "cgroup1", "rlimit"))'
