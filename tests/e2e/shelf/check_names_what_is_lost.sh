# A missing pack, a missing index, a subset, a ledger: check and repair say what is so.
head -c 700000 /dev/urandom > in.bin
pipeline <<'YAML'
provrun: 1
steps:
  a: {inputs: in.bin, outputs: [out/copy.bin, out/other.txt], run: "mkdir -p out; cat in.bin > out/copy.bin; date +%N > out/other.txt"}
YAML
ok provrun run
ok provrun run -B
repository=.provrun/repository
packs=$(find $repository/packs -type f | wc -l)
ok provrun check
expect_out ''
has "$err" 'no damage in 2 snapshots'
has "$err" "0 of $packs packs read; 0 verified within 30 days"
js check --subset 1/1
expect_summary verified_packs=$packs verified_recently=$packs remaining_packs=0
js check --max-age 1d
expect_summary verified_packs=0 verified_recently=$packs
js check --subset 1B
expect_summary verified_packs=1
js check --read-data --max-duration 1h --threads 1
expect_summary verified_packs=$packs
for bad in 4/3 0/3 x 5 101% 0%; do
  fails 2 provrun check --subset $bad
  expect_err "provrun: error: --subset takes 3/30, 5% or 100GiB, not '$bad'
hint: 'provrun help check' lists what it takes"
done
fails 2 provrun check --max-age long
expect_err "provrun: error: --max-age takes a time such as 30min, not 'long'
hint: 'provrun help check' lists what it takes"
# Without its index nothing is lost.
rm -f $repository/index/*
js -5 check
ok provrun repair --index
js check --read-data
expect_summary damaged=0
# A pack that is gone is named with what only it had.
pack=$(find $repository/packs -type f -printf '%s %P\n' | sort -n | tail -n 1 | cut -d' ' -f 2)
rm -f "$repository/packs/$pack"
js -5 check
expect_json "any(.type == \"damage\" and .object == \"packs/$pack\" and (.files | index(\"out/copy.bin\") != null) and (.snapshots | length) >= 1)"
js -5 repair --index
expect_json 'any(.type == "damage" and (.files | index("out/copy.bin") != null) and (.snapshots | length) >= 1)'
js -5 check
expect_json 'any(.type == "damage" and (.object | startswith("chunk ")))'
# The text for people says the same.
fails 5 provrun check
has "$out" '  needed by out/copy.bin'
has "$out" '  in 1 snapshot, '
