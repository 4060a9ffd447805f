# A failed step: exit 1, its last lines, its exit code and its command; what depends on it is skipped.
pipeline <<'YAML'
provrun: 1
name: failing
steps:
  bad:
    outputs: bad.txt
    run: echo half > {outputs}; echo the-last-words >&2; exit 7
  after:
    inputs: bad.txt
    outputs: after.txt
    run: cp {inputs} {outputs}
YAML
fails 1 provrun run
has "$err" the-last-words
has "$err" 7
has "$err" bad
[ ! -e after.txt ] || fail 'after ran'
[ ! -e bad.txt ] || fail 'the failed output still looks valid'
js -1 run
expect_summary state=failed failed=1 skipped=1 executed=0
js log
expect_json '[.[]|select(.type=="run")]|all(.state=="failed") and length == 2'
