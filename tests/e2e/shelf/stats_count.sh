# stats: what is logical, distinct and stored; what a snapshot alone needs.
head -c 300000 /dev/urandom > a.bin
pipeline <<'YAML'
provrun: 1
steps:
  a: {inputs: a.bin, outputs: out.bin, run: "cat a.bin > out.bin"}
YAML
ok provrun run
head -c 200000 /dev/urandom > a.bin
ok provrun run
js stats --unique
expect_json '[.[]|select(.type=="statistics")] | length == 2 and (.[0].unique_bytes > 300000) and (.[1].unique_bytes > 200000) and (.[1].unique_bytes < 300000)'
expect_summary snapshots=2 packs=2
expect_json '.[-1] | .logical_bytes > 1000000 and .bytes > 500000 and .bytes < 520000 and .deduplication > 1.9 and .pack_bytes > 500000 and .chunks > 4'
ok provrun stats
has "$out" 'times less by deduplication'
js stats latest
expect_json '[.[]|select(.type=="statistics")] | length == 1'
fails 6 provrun stats nothing
