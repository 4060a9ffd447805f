# The first bytes that are no text are said with their place; no raw byte reaches the terminal.
printf 'provrun: 1\nname: x\0y\n' > pipeline.yaml
fails 2 provrun run
expect_out ''
hint='hint: provrun reads YAML in UTF-8: give another file, or save this one as UTF-8 text'
expect_err "provrun: error: pipeline.yaml: not a text file: byte 0x00 in line 2, column 8
$hint"
printf 'provrun: 1\nname: \xff\xfe\n' > pipeline.yaml
fails 2 provrun run
expect_err "provrun: error: pipeline.yaml: not a text file: its bytes are not UTF-8
$hint"
js -2 run
expect_json '.[0] | .code == "invalid_input" and .exit_code == 2'
head -c 4096 /dev/urandom > pipeline.yaml
fails 2 provrun run
has "$err" 'provrun: error: pipeline.yaml: not a text file'
LC_ALL=C grep -q '[^[:print:][:space:]]' "$err" && fail 'raw bytes reached the terminal'
[ "$(ls -A)" = pipeline.yaml ] || fail 'something was written'
