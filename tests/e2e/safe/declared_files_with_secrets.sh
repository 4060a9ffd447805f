# A declared file that holds a declared secret is named by its content, and its bytes stay out of the
# repository, whatever the form; the run says so.
export API_TOKEN='tok/5e11c7f0+a9b84d21'
printf 'key = %s\n' "$API_TOKEN" > config.txt
pipeline <<'YAML'
provrun: 1
env: {secrets: [API_TOKEN, NOT_SET]}
steps:
  plain: {inputs: config.txt, outputs: plain.txt, run: "cp {inputs} {outputs}; printf %s \"$API_TOKEN\" | od -An -v -tx1 | tr -d ' \\n'"}
  packed:
    outputs: packed/
    run: "printf 'x%s' \"$API_TOKEN\" | base64 > {outputs}/b; head -c 5000000 /dev/zero > {outputs}/big; echo $API_TOKEN >> {outputs}/big; echo ok > {outputs}/c"
YAML
ok provrun run -j1
expect_err_like 'provrun: the secret NOT_SET is not set; plain will not have it
[1/2] plain in TIME: it has no result here yet
[2/2] packed in TIME: it has no result here yet
provrun: config.txt holds the secret API_TOKEN: its content is named, and not stored
provrun: packed/b holds the secret API_TOKEN: its content is named, and not stored
provrun: packed/big holds the secret API_TOKEN: its content is named, and not stored
provrun: plain.txt holds the secret API_TOKEN: its content is named, and not stored
provrun: 2 executed in TIME; run RUN recorded, SIZE new in the repository'
stored_text > "$SCRATCH/plain"
lacks "$SCRATCH/plain" "$API_TOKEN"
lacks "$SCRATCH/plain" "$(printf 'x%s' "$API_TOKEN" | base64)"
lacks "$SCRATCH/plain" "$(printf %s "$API_TOKEN" | od -An -v -tx1 | tr -d ' \n')"
js show plain
expect_json ".[0].outputs[0] | .path == \"plain.txt\" and .content == \"hmac-sha256:$(printf 'sha256:%s' "$(sha256sum < plain.txt | cut -c-64)" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(od -An -v -tx1 < .provrun/hash.key | tr -d ' \n')" | sed 's/.*= //')\""
ok provrun verify latest
ok provrun restore latest --into there
[ -e there/packed/c ] && [ ! -e there/plain.txt ] && [ ! -e there/config.txt ] || fail 'not what was to be restored'
ok provrun run
has "$err" 'nothing to do'
ok provrun status
has "$err" 'provrun: the secret NOT_SET is not set; plain will not have it'
