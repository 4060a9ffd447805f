# Who edits, or deletes, the pipeline while it runs changes the next run; the record has what ran.
text='provrun: 1
name: edited
steps:
  s: {outputs: o, run: "CHANGE; echo x > o"}'
for change in 'echo >> pipeline.yaml' 'rm pipeline.yaml'; do
  printf '%s\n' "${text/CHANGE/$change}" > pipeline.yaml
  ok provrun run
  ok provrun cat latest:pipeline.yaml
  expect_out "${text/CHANGE/$change}"
  ok provrun verify latest
done
