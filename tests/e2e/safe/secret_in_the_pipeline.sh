# A pipeline, parameters or table with a secret in them would carry it into the repository: refused, with
# the place and without the secret. Guesses from names alone do not keep an ordinary pipeline from running.
token=ghp_0123456789abcdefghijABCDEFGHIJ456789
refused() { # PLACE
  fails 7 env DB_LOGIN=correct-horse-42 "$PROVRUN" run
  expect_err "provrun: error: $1: here stands a secret, and this file becomes part of the repository
hint: take it out, name its variable under 'env: {secrets: [NAME]}', and set that variable where provrun is started"
  ! grep -rqF -e "$token" -e correct-horse-42 .provrun 2> /dev/null || fail 'the secret was stored'
}
pipeline <<YAML
provrun: 1
name: x
steps:
  s: {outputs: o, run: "echo é; fetch --key $token > o"}
YAML
refused pipeline.yaml:4:45
pipeline <<'YAML'
provrun: 1
name: x
env: {secrets: [DB_LOGIN]}
steps:
  s: {outputs: o, run: "fetch correct-horse-42 > o"}
YAML
refused pipeline.yaml:5:31
pipeline <<'YAML'
provrun: 1
name: x
env: {set: {SMTP_PASSWORD: hunter2-and-more}}
steps:
  s: {outputs: o, run: "echo > o"}
YAML
refused pipeline.yaml:3:28
pipeline <<'YAML'
provrun: 1
name: x
params: {file: params.yaml}
steps:
  s: {foreach: {csv: table.csv}, outputs: "{id}", run: "echo > {outputs}"}
YAML
echo 'n: 1' > params.yaml
printf 'id,url\na,https://u:s3cr3t-w0rd@host/x\n' > table.csv
refused table.csv:2:13
printf 'id,url\na,b\n' > table.csv
printf 'n: 1\nkey: %s\n' "$token" > params.yaml
refused params.yaml:2:6
# What only looks like it: templates, variables, names, digests, words.
echo 'max_tokens: 512' > params.yaml
pipeline <<'YAML'
provrun: 1
name: x
params: {file: params.yaml}
env: {set: {AUTH_TOKEN_FILE: /run/token, DB_PASSWORD: "${DB_PASSWORD}"}, secrets: [DB_LOGIN]}
steps:
  s:
    foreach: {csv: table.csv}
    outputs: "{id}"
    run: |
      # token = next(tokens); password: see the wiki; sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
      echo "secret=$DB_LOGIN" | wc -c > {outputs}
YAML
DB_LOGIN=correct-horse-42 ok provrun run -q
# A command line with curl's user option: what is recorded has no password.
ok provrun exec -- sh -c 'exit 0' curl -u anna:pass-w0rd https://localhost/
run provrun exec -- curl --user anna:pass-w0rd http://127.0.0.1:9/
for words in 'show latest' 'show latest --json' 'show latest~1 --json' 'log --json'; do
  # shellcheck disable=SC2086
  ok provrun $words
  lacks "$out" pass-w0rd
done
find .provrun -type f -exec cat {} + | strings > "$SCRATCH/plain"
find .provrun -name '*.zst' | while read -r f; do zstd -dcq "$f"; done >> "$SCRATCH/plain" 2> /dev/null
lacks "$SCRATCH/plain" pass-w0rd
