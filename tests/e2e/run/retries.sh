# A step that fails twice and has two retries succeeds; the record knows three attempts.
pipeline <<'YAML'
provrun: 1
name: retry
steps:
  flaky:
    outputs: out.txt
    retries: 2
    run: |
      echo x >> tries
      [ "$(wc -l < tries)" -ge 3 ]
      echo done > {outputs}
YAML
ok provrun run
expect_file out.txt done
[ "$(wc -l < tries)" = 3 ] || fail 'not three tries'
js show latest
expect_json '[.. | objects | select(has("attempts")) | .attempts | length] | max == 3'
