# include: steps of another file, with a prefix, parameters, and paths relative to that file.
mkdir -p mod/deep
echo one > mod/in.txt
cat > mod/qc.yaml <<'YAML'
provrun: 1
params: {limit: 7, to: out.txt}
include: {file: deep/last.yaml, prefix: deep_}
steps:
  clean:
    inputs: in.txt
    outputs: "{params.to}"
    run: 'cat {inputs} > {outputs}; echo limit {params.limit} in $(basename "$PWD") >> {outputs}'
hooks: {on_success: touch hooked}
targets: {default: [clean], both: [clean, deep_count]}
YAML
cat > mod/deep/last.yaml <<'YAML'
provrun: 1
steps:
  count: {inputs: {a: {collect: clean}}, outputs: n.txt, stdout: n.txt, run: 'wc -l < {inputs.a}'}
YAML
pipeline <<'YAML'
provrun: 1
params: {alpha: 3}
include: {file: mod/qc.yaml, prefix: qc_, params: {limit: "{params.alpha}"}}
steps:
  fit: {inputs: [{collect: qc_clean}, mod/deep/n.txt], outputs: fit.txt, run: 'cat {inputs} > {outputs}'}
YAML
js run
expect_steps 'qc_clean executed' 'qc_deep_count executed' 'fit executed'
expect_file fit.txt $'one\nlimit 3 in mod\n2'
[ ! -e hooked ] && [ ! -e mod/hooked ] || fail 'the hook of an included file ran'
ok provrun run
has "$err" 'nothing to do'
# What is included is of the record: an artifact, and the way from it to the steps.
ok provrun cat latest:mod/qc.yaml
expect_same "$out" mod/qc.yaml
js lineage down mod/deep/last.yaml
expect_json '[.[]|select(.type=="edge")]|length > 0'
js log
before=$(json '.[0].config_hash')
# A change in it counts for its steps, and for the configuration.
sed -i 's/limit {params/LIMIT {params/' mod/qc.yaml
js why qc_clean
expect_json '.[0].reason.kind == "command"'
js run
expect_steps 'qc_clean executed' 'qc_deep_count executed' 'fit executed'
js log
[ "$before" != "$(json '.[0].config_hash')" ] || fail 'the configuration is said to be the same'
ok provrun run --set alpha=9 qc_both
has mod/out.txt 'LIMIT 9'
ok provrun graph
has "$out" qc_deep_count
# Brought back elsewhere it is whole.
ok provrun reproduce latest
has "$err" identical
# Messages name the file, as seen from where the user is.
mkdir elsewhere
sed -i 's/run: .cat/rnu: '"'"'cat/' mod/qc.yaml
fails 2 provrun -C elsewhere run ../pipeline.yaml
has "$err" '../mod/qc.yaml:8:5: unknown key '"'rnu' in step 'qc_clean'"
fails 2 provrun lint
has "$err" 'mod/qc.yaml:8:5'
rm mod/qc.yaml
fails 2 provrun plan
expect_err "provrun: error: pipeline.yaml:3:17: there is no file 'mod/qc.yaml' to include
  include: {file: mod/qc.yaml, prefix: qc_, params: {limit: \"{params.alpha}\"}}
                  ^
hint: paths are relative to the pipeline file"
