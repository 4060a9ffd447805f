# Links that lead nowhere, or in a circle, and things that are no files: said so, and nothing hangs.
for target in nowhere pipeline.yaml; do
  ln -sfn $target pipeline.yaml
  fails 2 provrun run
  expect_err "provrun: error: pipeline.yaml is a symbolic link that leads nowhere
hint: make what it points to, or replace the link by the pipeline's file"
done
rm pipeline.yaml
mkfifo pipeline.yaml
fails 2 timeout 120 "$PROVRUN" run
expect_err "provrun: error: pipeline.yaml is no regular file
hint: write the pipeline to a file: its content becomes part of the record"
[ "$(ls -A)" = pipeline.yaml ] || fail 'something was written'
