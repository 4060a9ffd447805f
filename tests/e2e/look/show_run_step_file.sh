chain
ok provrun run
js show latest
expect_json '.[0].type == "run"'
expect_json '[.[]|select(.type=="execution")|.step]|sort == ["a","b","c","d"]'
expect_json '.[]|select(.type=="execution" and .step=="b")|.outputs[0].path=="b.txt" and .inputs[0].path=="a.txt" and .attempts[0].exit_code==0'
expect_json "[.. | strings | select(. == \"sha256:$(sha256sum b.txt | cut -d' ' -f1)\")]|length >= 1"
ok provrun show b
has "$out" b.txt
ok provrun show c.txt
ok provrun show "$(last_run | cut -c1-13)"
fails 6 provrun show 00000000
