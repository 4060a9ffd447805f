# lint names what a valid pipeline probably does not mean, with places; a clean one passes.
mkdir work; echo x > work/in; echo y > outer.txt; cp outer.txt work/; cd work || exit 1
pipeline <<YAML
provrun: 1
params: {used: 1, unused: 2}
targets: {default: [last]}
steps:
  first:
    inputs: [in, ../outer.txt, $PWD/in]
    outputs: {a: a.txt, b: b.txt, l: {path: l.txt, log: true}}
    run: touch {outputs} {params.used}
  last: {inputs: a.txt, outputs: c.txt, run: cp a.txt c.txt}
  lost: {outputs: d.txt, run: touch d.txt}
  index: {pattern: {id: "*"}, outputs: "{id}.idx", run: "touch {outputs}"}
YAML
js -1 lint
[ "$(jq -r 'select(.type=="finding")|.rule' "$out" | sort | tr '\n' ' ')" = \
  'absolute-path dead-step dead-step outside-workspace unread-output unused-parameter ' ] ||
  fail "rules: $(jq -r 'select(.type=="finding")|.rule' "$out" | tr '\n' ' ')"
fails 1 provrun lint
has "$out" "pipeline.yaml:10:3: dead-step: no target needs step 'lost'"
has "$out" "no step uses the parameter 'unused'"
pipeline <<'YAML'
provrun: 1
steps: {a: {inputs: in, outputs: b, run: cp in b}}
YAML
ok provrun lint
