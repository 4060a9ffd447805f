# Instances and files may be named that are known only when others have run; the rest is left alone.
pipeline <<'YAML'
provrun: 1
targets: {default: [all]}
steps:
  split: {outputs: {parts: {discover: "p/{c}.x"}}, run: 'touch ../ran.split.$$; for c in a b; do echo $c > p/$c.x; done'}
  long: {outputs: long.txt, run: 'touch ../ran.long.$$ {outputs}'}
  score: {foreach: {from: split}, inputs: ["p/{c}.x", long.txt], outputs: "s/{c}.y", run: 'touch ../ran.{name}.$$; cp {inputs:raw} s; mv s/{c}.x {outputs}'}
  after: {inputs: s/b.y, outputs: after.txt, run: 'touch ../ran.after.$$; cp {inputs} {outputs}'}
  other: {outputs: other.txt, run: 'touch ../ran.other.$$ {outputs}'}
  all: {inputs: [s/, long.txt], outputs: all.txt, run: 'touch ../ran.all.$$; cat s/*.y > {outputs}'}
YAML
ok provrun run score@b
expect_ran long score@b split
ok provrun run s/a.y
expect_ran score@a
ok provrun run after
expect_ran after
ok provrun run --force score@a score@a
expect_ran score@a
fails 6 provrun run score@z
has "$err" "'score@z' is no target, step, instance or file of the pipeline"
fails 6 provrun plan s/z.y
ok provrun run
expect_ran all
expect_file all.txt $'a\nb'
[ ! -e other.txt ] || fail 'a step ran that no target needs'
ok provrun graph
has "$out" 'score'
ok provrun graph --instances
has "$out" 'score@…'
fails 1 provrun lint
has "$err" '1 finding'
has "$out" "no target needs step 'other'"
