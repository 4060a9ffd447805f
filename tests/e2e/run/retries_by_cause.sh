# Retries for one cause do not follow another one; the environment tells which attempt it is.
pipeline <<'YAML'
provrun: 1
steps:
  busy:
    outputs: out.txt
    retries: {max: 2, on: ["exit:75", "signal:TERM"]}
    run: |
      echo $PROVRUN_ATTEMPT >> attempts
      [ $PROVRUN_ATTEMPT != 1 ] || exit 75
      [ $PROVRUN_ATTEMPT != 2 ] || kill -TERM $$
      echo done > {outputs}
  broken:
    needs: busy
    retries: {max: 2, on: ["exit:75", timeout]}
    run: echo x >> broken; exit 3
YAML
fails 1 provrun run
expect_file out.txt done
expect_file attempts "$(printf '1\n2\n3')"
expect_file broken x
