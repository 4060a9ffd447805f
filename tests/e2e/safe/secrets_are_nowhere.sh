# A secret reaches the step, and nothing that provrun writes: no file, no message, compressed or not.
secret=tok-5e11c7f0a9b84d21
pipeline <<'YAML'
provrun: 1
name: secretive
env: {secrets: [API_TOKEN]}
steps:
  use: {outputs: len.txt, run: "echo \"using $API_TOKEN\"; printf '%s' \"$API_TOKEN\" | wc -c > {outputs}"}
  fail: {inputs: len.txt, outputs: no.txt, run: "echo \"bad token $API_TOKEN\" >&2; exit 1"}
YAML
git init -q . && git remote add origin "https://user:$secret@example.org/x.git"
fails 1 env API_TOKEN="$secret" "$PROVRUN" run
expect_file len.txt 20
lacks "$out" "$secret"
lacks "$err" "$secret"
for words in 'log --json' 'show latest' 'show latest --json' 'why fail' plan 'lineage up len.txt --json'; do
  # shellcheck disable=SC2086
  API_TOKEN=$secret run provrun $words
  lacks "$out" "$secret"
  lacks "$err" "$secret"
done
! grep -rqF "$secret" .provrun || fail "the secret is in $(grep -rlF "$secret" .provrun)"
stored_text > "$SCRATCH/plain"
lacks "$SCRATCH/plain" "$secret"
if [ -f .provrun/state.db ]; then sqlite3 .provrun/state.db .dump > "$SCRATCH/dump"; lacks "$SCRATCH/dump" "$secret"; fi

# Same or changed is still known: a new value runs the step again, the same one does not.
sed -i '/^  fail:/d' pipeline.yaml
API_TOKEN=$secret js run
expect_summary executed=0 failed=0
API_TOKEN=another js run
expect_steps 'use executed'
