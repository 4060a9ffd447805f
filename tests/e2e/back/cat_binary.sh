# cat gives back the bytes, whatever they are.
pipeline <<'YAML'
provrun: 1
name: bytes
steps:
  s: {outputs: all.bin, run: "for i in $(seq 0 255); do printf \"\\\\x$(printf %02x $i)\"; done > {outputs}"}
YAML
ok provrun run
[ "$(wc -c < all.bin)" = 256 ] || fail 'the case itself is wrong'
ok provrun cat latest:all.bin
expect_same "$out" all.bin
