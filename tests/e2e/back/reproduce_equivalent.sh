# Other bytes that say the same are equivalent, by the step's `compare` or by the format: exit 0.
pipeline <<'YAML'
provrun: 1
name: nearly
steps:
  fit:
    outputs: [out/fit.txt, out/meta.json, out/run.log]
    run: |
      n=$(date +%N)
      echo "slope 1.0000000$n" > out/fit.txt
      if [ $((10#$n % 2)) = 0 ]; then echo '{"a": 1, "b": 2}'; else echo '{"b":2,"a":1.0}'; fi > out/meta.json
      echo "$n" > out/run.log
    compare:
      "*.txt": {numeric: {rtol: 1.0e-6}}
      "out/*.log": ignore
YAML
ok provrun run
js -0 reproduce latest
expect_json '.[]|select(.path=="out/fit.txt")|.verdict=="equivalent" and .compared=="numbers in text, numbers within 1e-06 of their size"'
expect_json '.[]|select(.path=="out/run.log")|.verdict=="equivalent"'
expect_json '.[]|select(.type=="summary")|.verdict=="equivalent"'
ok provrun reproduce latest
has "$out" "equivalent  out/fit.txt"

# What differs is shown with the place.
pipeline <<'YAML'
provrun: 1
name: tables
steps:
  table:
    outputs: t.csv
    run: printf 'id,mass,when\na,1.0,%s\nb,%s,x\n' "$(date +%N)" "$(date +%s%N)" > {outputs}
    compare: {"*.csv": {csv: {ignore: [when]}}}
YAML
ok provrun run
fails 4 provrun reproduce latest
has "$out" "row 2, column mass: "
lacks "$out" "column when"
