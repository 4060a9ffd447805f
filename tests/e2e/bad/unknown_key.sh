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
expect_err "provrun: error: pipeline.yaml:5:5: unknown key 'output' in step 's'
      output: x.txt
      ^
hint: did you mean 'outputs'?"
js -2 run
expect_out '{"type":"error","schema":"output.v1","code":"invalid_input","message":"unknown key '"'output' in step 's'"'","hint":"did you mean '"'outputs'"'?","position":{"file":"pipeline.yaml","line":5,"column":5},"exit_code":2}'
expect_err ''
[ "$(fingerprint .)" = "$before" ] || fail 'something was written'
