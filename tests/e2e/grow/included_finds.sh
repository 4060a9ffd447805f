# lint and adoption in included files; outputs never meet a part of the pipeline.
mkdir mod
echo a > mod/in.txt
printf 'provrun: 1\nparams: {used: 1, idle: 2}\nsteps:\n  one: {outputs: o.txt, undeclared: adopt, run: "cat in.txt > {outputs}; echo {params.used}"}\n' > mod/p.yaml
pipeline <<'YAML'
provrun: 1
include: {file: mod/p.yaml, prefix: m_}
YAML
fails 1 provrun lint
has "$out" "mod/p.yaml:1:1: unused-parameter: no step uses the parameter 'idle'"
js -1 lint
ok provrun run
if (traced_or_skip) > /dev/null 2>&1; then
  has mod/p.yaml 'inputs: [in.txt]'
  ok provrun run
  echo b > mod/in.txt
  js run
  expect_steps 'm_one executed'
fi
cat >> pipeline.yaml <<'YAML'
steps:
  bad: {outputs: mod/p.yaml, run: x}
YAML
fails 2 provrun run
has "$err" "the output 'mod/p.yaml' of step 'bad' is a part of the pipeline itself"
