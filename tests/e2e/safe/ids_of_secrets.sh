# Of a file that was withheld the repository has no hash against which a guess could be tried, wherever hashes stand; "same" or
# "changed" is still told, by a keyed one.
token=gh''p_Zq8Kd03vTnB5xLw7RfYh2mCsJp9GeVu4AbDg
mkdir keys
printf 'password: %s\n' "$token" > keys/a.txt
echo plain > keys/b.txt
printf 'hidden: %s\n' "$token" > hidden.txt
printf '#!/bin/sh\n# %s\necho ran\n' "$token" > tool.sh
chmod +x tool.sh
pipeline <<'YAML'
provrun: 1
params: {n: 1}
steps:
  declared: {inputs: [keys/a.txt], outputs: [out/size.txt], run: "wc -c < {inputs} > {outputs}; echo {params.n} >> {outputs}"}
  folder: {inputs: [keys/], outputs: [out/copy/], run: "mkdir -p {outputs}; cp keys/* {outputs}"}
  seen: {outputs: [out/seen.txt], run: "wc -c < hidden.txt > {outputs}; ./tool.sh >> {outputs}"}
YAML
ok provrun run
# No hash of theirs is in the repository: not in records, trees, accesses, key documents, nor as the step key made from one.
check_none() {
  in_repository > "$SCRATCH/all"
  for f in keys/a.txt hidden.txt tool.sh; do lacks "$SCRATCH/all" "$(hash_of $f)"; done
  lacks "$SCRATCH/all" "${token%?}"
  has "$SCRATCH/all" "$(hash_of keys/b.txt)"
  for key in $guesses; do lacks "$SCRATCH/all" "$key"; done
}
guesses=
check_none
js show latest
# A step key that anyone could compute but for the secret is none; the others can still be checked.
expect_json 'any(.[]; .type=="execution" and .step=="declared" and (.inputs[0].content|startswith("hmac-sha256:")) and .inputs[0].content == .key.inputs[0].content)'
expect_json 'any(.[]; .type=="execution" and .step=="folder" and (.key.inputs[0].content|startswith("hmac-sha256:")))'
hmac() { printf %s "$1" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(od -An -v -tx1 < .provrun/hash.key | tr -d ' \n')" | sed 's/.*= //'; }
folder=$(printf 'fa.txt\0%s\0fb.txt\0%s\0' "$(hash_of keys/a.txt)" "$(hash_of keys/b.txt)" | sha256sum | cut -c-64)
for step in declared folder; do
  hash=$folder
  [ $step = folder ] || hash=$(hash_of keys/a.txt)
  # What somebody who knows the secret would compute is the step key that was, and stands nowhere.
  guess=$(jq -cS "select(.type==\"execution\" and .step==\"$step\").key" "$out" | sed "s/hmac-sha256:[0-9a-f]*/sha256:$hash/" | tr -d '\n' | sha256sum | cut -c-64)
  expect_json "any(.[]; .type==\"execution\" and .step==\"$step\" and .step_key==\"$(hmac "$guess")\")"
  guesses="$guesses $guess"
done
check_none
key=$(jq -cS 'select(.type=="execution" and .step=="seen").key' "$out" | tr -d '\n' | sha256sum | cut -c-64)
has "$out" "$key"

# Nothing to do, and nothing to restore for a change that was taken back.
ok provrun run
has "$err" 'nothing to do'
set_n() { sed -i "s/^params.*/params: {n: $1}/" pipeline.yaml; }
set_n 2
ok provrun run
has "$err" '1 executed'
set_n 1
ok provrun run
has "$err" '0 executed, 1 restored'
check_none
# A step that is up to date is recorded without the hash as well.
echo 1 >> unrelated
set_n 3
ok provrun run
has "$err" '1 executed'
check_none

# Changed is told, and only by what changed.
js lineage down keys/a.txt
expect_json 'any(.[]; .step=="declared")'
printf 'password: %sX\n' "${token%?}" > keys/a.txt
ok provrun why declared
has "$out" 'keys/a.txt'
ok provrun run
has "$err" '2 executed'
check_none
js show latest
expect_json 'any(.[]; .step=="folder" and .reason.what=="keys/" and (.reason.before|startswith("hmac-sha256:")) and (.reason.after|startswith("hmac-sha256:")))'
# The catalog is the same when it is built again.
js log
cp "$out" "$SCRATCH/log"
ok provrun repair --catalog
js log
cmp "$SCRATCH/log" "$out" || fail 'the log is another after the catalog was built again'
printf 'hidden: %sX\n' "${token%?}" > hidden.txt
ok provrun why seen
has "$out" 'hidden.txt'

# The state database is made anew, and nothing remembers what was withheld: the keyed hashes themselves do.
printf 'hidden: %s\n' "$token" > hidden.txt
printf 'password: %s\n' "$token" > keys/a.txt
set_n 1
ok provrun run
ok provrun repair --catalog
rm -f .provrun/state.db*
ok provrun run
has "$err" 'nothing to do'
check_none
# What was withheld cannot be restored: where one of them is gone the step runs.
rm -f .provrun/state.db* out/copy/b.txt
ok provrun run
has "$err" '1 executed'
set_n 5
ok provrun run
has "$err" '1 executed'
check_none

# A folder out of which a secret is taken in place, made again from what was stored.
cp pipeline.yaml "$SCRATCH/first.yaml"
mkdir data
printf 'password: %s\n' "$token" > data/a.txt
pipeline <<'YAML'
provrun: 1
steps:
  scrub: {inputs: [data/], outputs: [data/], run: "sed -i s/password.*/none/ data/a.txt"}
YAML
before=$(printf 'fa.txt\0%s\0' "$(hash_of data/a.txt)" | sha256sum | cut -c-64)
ok provrun run
rm -r data
ok provrun run
has "$err" '1 restored'
js show latest
expect_json 'any(.[]; .step=="scrub" and (.key.inputs[0].content|startswith("hmac-sha256:")))'
in_repository > "$SCRATCH/all"
lacks "$SCRATCH/all" "$before"
mv "$SCRATCH/first.yaml" pipeline.yaml

# Commands that are recorded by themselves, and git's own hashes of changed files.
git init -q .
git -c user.name=a -c user.email=a@b add -A . 2> /dev/null
git -c user.name=a -c user.email=a@b commit -qm first
printf 'password: %sY\n' "${token%?}" > keys/a.txt
ok provrun exec --input keys/a.txt -- wc -c keys/a.txt
check_none
lacks "$SCRATCH/all" "$(git hash-object keys/a.txt)"
lacks "$SCRATCH/all" "$(git rev-parse HEAD:keys/a.txt)"
has "$SCRATCH/all" '+++ b/keys/a.txt'
js show latest
expect_json 'any(.[]; .type=="run" and .config_hash != null) and any(.[]; .type=="execution" and (.key.inputs[0].content|startswith("hmac-sha256:")))'
guess=$(jq -cS 'select(.type=="execution").key' "$out" | sed "s/hmac-sha256:[0-9a-f]*/sha256:$(hash_of keys/a.txt)/" | tr -d '\n' | sha256sum | cut -c-64)
expect_json "any(.[]; .type==\"run\" and .config_hash==\"$(hmac "$guess")\")"
lacks "$SCRATCH/all" "$guess"

# Outputs that are not to be stored are looked through as well.
pipeline <<'YAML'
provrun: 1
steps:
  make: {outputs: [{path: made.txt, cache: false}], run: "tr a-z a-z < hidden.txt > made.txt; echo made >> made.txt"}
  use: {inputs: [made.txt], outputs: [out/used.txt], run: "wc -c < {inputs} > {outputs}"}
YAML
ok provrun run
in_repository > "$SCRATCH/all"
lacks "$SCRATCH/all" "$(hash_of made.txt)"
