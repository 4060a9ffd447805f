# One flipped byte in a file of any kind, at several places: check finds and names it, and nothing else is amiss.
head -c 700000 /dev/urandom > in.bin
seq 60000 > table.csv
pipeline <<'YAML'
provrun: 1
steps:
  a: {inputs: [in.bin, table.csv], outputs: [out/big.bin, out/small.txt], run: "mkdir -p out; cat in.bin in.bin table.csv > out/big.bin; echo s > out/small.txt"}
YAML
ok provrun run
repository=$PWD/.provrun/repository
js check --read-data
expect_summary damaged=0
expect_json '.[-1].verified_packs == .[-1].packs and .[-1].verified_bytes > 700000'
# A claim of a session that was killed is there too.
printf 'session 01a21ad3-078c-7093-b5d3-18258301db99\nhost h\nuser u\n' > claim
printf 'sha256 %s\n' "$(sha256sum < claim | cut -c -64)" >> claim
cp claim "$repository/epochs/1/w09"
ok provrun check
chmod -R u+w "$repository"
flip() { # FILE OFFSET
  local byte
  byte=$(od -An -tu1 -j "$2" -N 1 "$1")
  # shellcheck disable=SC2059
  printf "\\$(printf %03o $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
kinds=0
while read -r file; do
  size=$(stat -c %s "$file")
  name=${file#"$repository"/}
  case $name in epochs/*/w0[0-8].end) continue ;; esac # the same file as its snapshot
  kinds=$((kinds + 1))
  for at in 4 $((size / 2)) $((size - 1)); do
    flip "$file" "$at"
    fails 5 provrun check --read-data --json
    has "$out" "{\"type\":\"damage\",\"schema\":\"output.v1\",\"object\":\"$name\""
    flip "$file" "$at"
  done
done < <(find "$repository" -type f | sort)
[ "$kinds" -ge 7 ] || fail "only $kinds kinds of files"
js check --read-data
expect_summary damaged=0
