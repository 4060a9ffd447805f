# What uses a directory that would be restored is up to date in the plan, as it is in the run.
echo 1 > in.txt
pipeline <<'YAML'
provrun: 1
name: dirs
steps:
  make: {inputs: in.txt, outputs: out/, run: "mkdir out/sub; cp in.txt out/a; cp in.txt out/sub/b; ln -s a out/l"}
  use: {inputs: out/, outputs: used.txt, run: "cat out/a out/sub/b > used.txt"}
  part: {inputs: out/sub/b, outputs: part.txt, run: "cat out/sub/b > part.txt"}
YAML
ok provrun run -q
plan() {
  js plan
  json '.[]|select(.type=="step")|"\(.step) \(.state)"' > "$SCRATCH/plan"
  expect_text "$SCRATCH/plan" "$1"
}
for change in 'echo changed > out/a' 'rm -r out' 'echo more > out/extra' 'rm out/l' 'rm -r out; echo file > out'; do
  eval "$change"
  plan 'make would_run
use up_to_date
part up_to_date'
  js run
  expect_summary executed=0 reused=1 up_to_date=2
done
plan 'make up_to_date
use up_to_date
part up_to_date'
