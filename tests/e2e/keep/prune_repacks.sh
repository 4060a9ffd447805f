# A pack that is needed in part is copied and removed; --max-repack bounds it, and a kill in the
# middle leaves nothing behind that the next prune does not put right.
pipeline <<'YAML'
provrun: 1
name: repack
steps:
  s: {inputs: [a.bin, b.bin], outputs: out.txt, run: "cat {inputs} | wc -c > {outputs}"}
YAML
head -c 2000000 /dev/urandom > a.bin
head -c 1900000 /dev/urandom > b.bin
ok provrun run
head -c 1000 /dev/urandom > a.bin
ok provrun run
ok provrun forget latest~1 --keep-forgotten 0
js prune --dry-run --max-unused 0%
[ "$(json '.[-1].repacked_packs')" = 1 ] || fail 'one pack is to be copied'
js prune --max-unused 0% --max-repack 1kB --keep-trash 0
expect_summary repacked_packs=0
ok provrun verify latest
js prune --max-unused 0% --keep-trash 0
expect_summary repacked_packs=1
[ "$(json '.[-1].freed_bytes')" -gt 3800000 ] || fail 'the old pack is still there'
ok provrun verify latest
ok provrun restore latest --into there
expect_same there/b.bin b.bin
js prune --max-unused 0%
expect_summary removed_packs=0 repacked_packs=0
ok provrun repair --index
ok provrun verify latest
