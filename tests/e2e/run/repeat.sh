# repeat: rounds until a condition holds, each recorded; the most allowed without it is a failure.
pipeline <<'YAML'
provrun: 1
params: {enough: 3}
steps:
  grow:
    inputs: seed
    outputs: {list: list.txt}
    run: |
      [ -e {outputs.list} ] || cp seed {outputs.list}
      echo "round $PROVRUN_ROUND" | tee -a {outputs.list}
    repeat: {max: 9, until: '[ $(wc -l < {outputs.list}) -gt {params.enough} ]'}
  after: {inputs: {l: {collect: grow}}, outputs: n.txt, run: 'wc -l < {inputs.l} > {outputs}'}
YAML
echo seed > seed
js run
expect_steps 'grow executed' 'after executed'
expect_file list.txt $'seed\nround 1\nround 2\nround 3'
expect_file n.txt 4
js run
expect_steps
# The record has each round, what it made, and what the condition said.
js show grow
expect_json '.[0].rounds | map(.until) == [1, 1, 0]'
expect_json '.[0].rounds | map(.outputs[0].path) | unique == ["list.txt"]'
expect_json '.[0].rounds | map(.outputs[0].content) | unique | length == 3'
expect_json '.[0].attempts | length == 1'
expect_json '[.[0].inputs[].path] | index("list.txt") == null'
last=$(json '.[0].rounds[2].outputs[0].content')
first=$(json '.[0].rounds[0].outputs[0].content')
[ "$last" = "$(json '.[0].outputs[0].content')" ] || fail 'the last round did not make the output'
ok provrun show grow
has "$out" '3 rounds'
has "$out" 'not yet'
# Lineage knows the versions of earlier rounds, and their bytes are kept.
js lineage up "$first"
expect_json '[.[]|select(.type=="edge" and .relation=="generated")|.content] | index("'"$first"'") != null'
ok provrun cat "latest:.provrun/versions/${first#sha256:}"
expect_out $'seed\nround 1'
ok provrun cat latest:.provrun/logs/grow.log
has "$out" '--- round 2 ---'
# The condition counts; how many rounds are allowed does not.
sed -i 's/max: 9/max: 7/' pipeline.yaml
ok provrun run
has "$err" 'nothing to do'
js run --set enough=5
expect_file n.txt 6
rm list.txt
js run --set enough=5
expect_summary reused=1 executed=0
# Not done after the most that is allowed: failed, with what it made aside.
fails 1 provrun run --set enough=50
has "$err" "step grow is not done after 7 rounds, the most that 'repeat' allows"
[ ! -e list.txt ] || fail 'the unfinished output looks valid'
# A condition that cannot tell is a failure of its own.
sed -i "s/until: .*}/until: 'exit 4'}/" pipeline.yaml
fails 1 provrun run
has "$err" "could not tell whether it is done: its 'until' failed with exit code 4"
# Events tell of each round.
sed -i "s/until: .*}/until: 'true'}/" pipeline.yaml
ok provrun run --events "$SCRATCH/events"
jq -s -e '[.[]|select(.event=="round_ended")|[.step,.round,.most]] == [["grow",1,7]]' "$SCRATCH/events" > /dev/null ||
  fail 'no event of the round'
