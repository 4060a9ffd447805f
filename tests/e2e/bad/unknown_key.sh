# The place, the line, a caret and the nearest valid word; exit 2; nothing on disk.
pipeline <<'YAML'
provrun: 1
name: typo
steps:
  s:
    output: x.txt
    run: echo x > x.txt
YAML
before=$(fingerprint .)
fails 2 provrun run
expect_out ''
has "$err" 'pipeline.yaml:5:5'
has "$err" 'output: x.txt'
has "$err" '^'
has "$err" outputs
[ "$(fingerprint .)" = "$before" ] || fail 'something was written'
js -2 run
expect_json '.[0]|.type=="error" and .code=="invalid_input" and .position.line==5 and .position.column==5 and .exit_code==2'
