for text in '' '\n\n' '# nothing yet\n'; do
  printf "$text" > pipeline.yaml
  fails 2 provrun run
  expect_out ''
  expect_err "provrun: error: pipeline.yaml: the pipeline is empty
hint: it begins with 'provrun: 1' and has 'steps'"
done
js -2 run
expect_json '.[0].position == {"file":"pipeline.yaml"}'
[ "$(ls -A)" = pipeline.yaml ] || fail 'something was written'
