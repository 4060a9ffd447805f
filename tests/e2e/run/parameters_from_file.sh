# params from a file: only the steps that use a changed parameter run.
printf 'x: 1\ny: {deep: [a, b]}\n' > params.yaml
pipeline <<'YAML'
provrun: 1
name: paramfile
params: {file: params.yaml}
steps:
  usesx: {outputs: x.txt, params: [x], run: "echo {params.x} > {outputs}"}
  usesy: {outputs: y.txt, params: [y], run: "echo {params.y.deep} > {outputs}"}
YAML
ok provrun run
expect_file y.txt 'a b'
sed -i 's/x: 1/x: 2/' params.yaml
js run
expect_steps 'usesx executed'
