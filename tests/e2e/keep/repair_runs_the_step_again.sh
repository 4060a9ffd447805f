# What nothing else brings back is made again by its step, when the result has the recorded hash.
seq 200000 > in.txt
pipeline <<'YAML'
provrun: 1
steps:
  a: {inputs: in.txt, outputs: out.txt, run: "sort -r in.txt > out.txt; echo ran >> ../ran"}
YAML
ok provrun init --parity 0
ok provrun run
rm -f out.txt ../ran
repository=.provrun/repository
chmod -R u+w $repository
# Damage that is in the output's bytes alone: its pieces are found by their id.
ok provrun cat latest:out.txt
pack=$(find $repository/packs -type f -printf '%s %p\n' | sort -n | tail -n 1 | cut -d' ' -f 2)
size=$(stat -c %s "$pack")
offset=$(tail -c 16 "$pack" | head -c 8 | od -An -tu8 | tr -d ' ')
sum=$(sort -r in.txt | sha256sum | cut -c -64)
tail -c +$((offset + 9)) "$pack" | head -c $((size - offset - 28)) | zstd -d > table
at=$(grep "^$sum" table | cut -f 2)
if [ -z "$at" ]; then # cut into several chunks: the last data one is the output's
  at=$(grep -P '\td(\t|$)' table | tail -n 1 | cut -f 2)
fi
printf XXXX | dd of="$pack" bs=1 seek=$((at + 200)) conv=notrunc status=none
js -5 check --read-data
js -5 check --repair
[ ! -e ../ran ] || fail 'check --repair ran a step'
js repair
expect_json '.[-1].damaged == .[-1].repaired'
js check --read-data
expect_summary damaged=0
rm -f out.txt
ok provrun restore latest --into back
sort -r in.txt | cmp - back/out.txt || fail 'the file that came back differs'
