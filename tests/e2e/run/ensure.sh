# What 'ensure' wants is wanted; an optional output may be missing.
pipeline <<'YAML'
provrun: 1
steps:
  a: {outputs: {x: {path: x.txt, ensure: {non_empty: true}}, o: {path: o.txt, optional: true}}, run: ': > x.txt'}
YAML
fails 1 provrun run
has "$err" "made an empty x.txt, and 'ensure' wants it non-empty"
sed -i 's/: > x.txt/echo 1 > x.txt/' pipeline.yaml
ok provrun run
js run
expect_summary up_to_date=1
