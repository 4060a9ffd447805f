# Files that a step updates without saying so: both versions are recorded, and it does not run again for its own doing.
traced_or_skip
pipeline <<'YAML'
provrun: 1
steps:
  quiet: {run: 'cat log.txt > t; echo more >> t; cat t > log.txt; rm t'}
  goes_on: {outputs: {sum: {path: sum.txt, persist: true}}, run: 'n=$(cat sum.txt 2>/dev/null || echo 0); echo $((n + 1)) > sum.txt'}
YAML
echo first > log.txt
echo 41 > sum.txt
log=$(hash_of log.txt)
sum=$(hash_of sum.txt)
ok provrun run
log=$(keyed_id "$log")
sum=$(keyed_id "$sum")
lacks "$err" 'without declaring it: sum.txt'
expect_file sum.txt 42
js show quiet
expect_json '.[0].inputs | map(select(.path=="log.txt").content) == ["'"$log"'"]'
expect_json '.[0].outputs | map(select(.path=="log.txt")) | length == 1'
js show goes_on
expect_json '.[0].inputs | map(select(.path=="sum.txt").content) == ["'"$sum"'"]'
for i in 1 2; do
  js run
  expect_steps
done
expect_file sum.txt 42
js lineage up sum.txt
expect_json '[.[]|select(.type=="edge" and .content=="'"$sum"'")|.relation] | index("used") != null and index("generated") == null'
