# A file that a step reads and replaces is recorded as two versions, and its own result makes the step run no more.
pipeline <<'YAML'
provrun: 1
params: {word: more}
steps:
  add: {inputs: data.txt, outputs: data.txt, params: [word], run: 'echo {params.word} >> data.txt; cp data.txt t; mv t data.txt'}
  use: {inputs: {d: {collect: add}}, outputs: n.txt, run: 'wc -l < {inputs.d} > {outputs}'}
YAML
echo first > data.txt
before=sha256:$(sha256sum < data.txt | cut -c1-64)
js run
expect_steps 'add executed' 'use executed'
expect_file data.txt $'first\nmore'
after=sha256:$(sha256sum < data.txt | cut -c1-64)
for i in 1 2; do
  js run
  expect_steps
done
js status
expect_json '[.[]|select(.type=="step")|.state] | unique == ["up_to_date"]'
js show add
expect_json '.[0].inputs[0] | .path == "data.txt" and .content == "'"$before"'"'
expect_json '.[0].outputs[0] | .path == "data.txt" and .content == "'"$after"'"'
# Both versions are kept, and lineage leads from the later to the earlier one.
ok provrun cat latest:data.txt
expect_out $'first\nmore'
ok provrun cat "latest:.provrun/versions/${before#sha256:}"
expect_out first
js lineage up n.txt
expect_json '[.[]|select(.type=="edge" and .path=="data.txt" and .content=="'"$after"'")|.relation]|unique == ["generated","used"]'
expect_json '[.[]|select(.type=="edge" and .content=="'"$before"'")|.relation] | index("used") != null and index("generated") == null'
# The file from before leads to the known result, without running; so does one that is gone.
echo first > data.txt
js run
expect_summary executed=0
expect_file data.txt $'first\nmore'
rm data.txt
js run
expect_summary executed=0
expect_file data.txt $'first\nmore'
# What else has changed lets it go on from the file as it is.
js why add --json
js run --set word=again
expect_file data.txt $'first\nmore\nagain'
js why add
js run --set word=again
expect_steps
# So does another input.
echo other > data.txt
js run --set word=again
expect_file data.txt $'other\nagain'
# A step that fails leaves the file as it was before.
sed -i 's/mv t data.txt/false/' pipeline.yaml
cp data.txt was
fails 1 provrun run
expect_same data.txt was
has "$err" 'add: data.txt is as it was before'
# And so does a kill.
sed -i 's/; false/; touch there; sleep 60/' pipeline.yaml
"$PROVRUN" run > /dev/null 2>&1 &
pid=$!
wait_for [ -e there ]
kill -9 $pid
wait $pid 2> /dev/null
cmp -s data.txt was && fail 'the step did not change the file'
sed -i 's/; touch there; sleep 60//' pipeline.yaml
ok provrun run
expect_file data.txt $'other\nagain\nmore'
# One that is not there is told, and what would be lost is refused.
rm -r .provrun data.txt
fails 1 provrun run
has "$err" 'lacks its input data.txt'
sed -i 's/outputs: data.txt/outputs: {path: data.txt, temp: true}/' pipeline.yaml
fails 2 provrun run
has "$err" "updates 'data.txt', which is 'temp'"
