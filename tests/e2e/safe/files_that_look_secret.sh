# What only a secret looks like keeps a declared file out of the repository, whatever its size; the record, restore,
# cat and reproduce say why, and the user may say where that is fine.
token=gh''p_Zq8Kd03vTnB5xLw7RfYh2mCsJp9GeVu4AbDg
printf -- '-----BEGIN RSA PRIV''ATE KEY-----\n%s%s\n' "${token#*_}" "${token#*_}" > key.pem
head -c 3000000 /dev/zero > big.bin
printf 'x %s y' "$token" >> big.bin
pipeline <<'YAML'
provrun: 1
steps:
  count: {inputs: [key.pem, big.bin], outputs: {n: out/n.txt, copy: out/copy.pem}, run: "cat {inputs} | wc -c > {outputs.n}; cp key.pem {outputs.copy}"}
YAML
ok provrun run
expect_err_like "[1/1] count in TIME: it has no result here yet
provrun: big.bin holds a GitHub token: its content is named, and not stored ('secrets_allowed_in' of .provrun/config.yaml says where that is fine)
provrun: key.pem holds a private key: its content is named, and not stored ('secrets_allowed_in' of .provrun/config.yaml says where that is fine)
provrun: out/copy.pem holds a private key: its content is named, and not stored ('secrets_allowed_in' of .provrun/config.yaml says where that is fine)
provrun: 1 executed in TIME; run RUN recorded, SIZE new in the repository"
stored_text > "$SCRATCH/plain"
has "$SCRATCH/plain" out/n.txt
lacks "$SCRATCH/plain" "${token#*_}"
js show latest
expect_json "any(.[]; .type==\"run\" and (.withheld|map(.path)) == [\"big.bin\",\"key.pem\",\"out/copy.pem\"] and .withheld[1].holds == \"a private key\" and .withheld[1].content == .withheld[2].content and (.withheld[1].content|startswith(\"hmac-sha256:\")))"
ok provrun verify latest
js restore latest --into there
expect_json '[.[]|select(.type=="withheld").path] == ["big.bin","key.pem","out/copy.pem"]'
[ -e there/out/n.txt ] && [ ! -e there/key.pem ] || fail 'not what was to be restored'
fails 6 provrun cat latest:key.pem
has "$err" 'key.pem was not stored: it holds a private key'
fails 6 provrun reproduce latest
has "$err" 'this run cannot be reproduced: big.bin was not stored: it holds a GitHub token'
ok provrun run
has "$err" 'nothing to do'

# Fine where the user says so.
printf 'secrets_allowed_in: ["*.pem"]\n' > .provrun/config.yaml
ok provrun run -B
has "$err" 'big.bin holds a GitHub token'
lacks "$err" 'key.pem'
ok provrun restore latest --into again
cmp key.pem again/out/copy.pem || fail 'the key did not come back'
printf 'secrets_allowed_in:\n  - big.bin\n  - /key.pem\nwrong: 1\n' > .provrun/config.yaml
fails 2 provrun run -B
has "$err" 'config.yaml:4:1'
has "$err" "the keys known here are 'repository: PATH' and 'secrets_allowed_in: [PATTERN]'"
