# A header that appears earlier on the search path, and a new name in a listed folder.
traced_or_skip
mkdir -p first second parts
echo old > second/m.txt
echo 1 > parts/1
pipeline <<'YAML'
provrun: 1
steps:
  find: {run: "if [ -e first/m.txt ]; then cat first/m.txt; else cat second/m.txt; fi > found.txt"}
  list: {run: "ls parts > names.txt"}
YAML
ok provrun run
js run
expect_summary up_to_date=2
echo new > first/m.txt
echo 2 > parts/2
ok provrun why find
has "$out" 'first/m.txt is there now, where it had looked in vain'
ok provrun why list
has "$out" '2 is new in parts, which it lists'
js status
expect_json '[.[]|select(.type=="step")|.reason.kind]|sort==["observed_listing","observed_new"]'
js run
expect_steps 'find executed' 'list executed'
expect_file found.txt new
js run
expect_summary up_to_date=2
