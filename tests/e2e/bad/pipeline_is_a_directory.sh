mkdir pipeline.yaml
before=$(fingerprint .)
fails 2 provrun run
expect_out ''
expect_err "provrun: error: pipeline.yaml is a directory without a pipeline.yaml
hint: give the pipeline's file, or make one with 'provrun init'"
[ "$(fingerprint .)" = "$before" ] || fail 'something was written'
