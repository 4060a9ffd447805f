# Pattern rules make what something needs, in chains, also for files named on the command line.
mkdir w; for i in a b c; do echo $i > w/$i.csv; done
pipeline <<'YAML'
provrun: 1
targets: {default: [report]}
steps:
  report: {inputs: w/a.idx.gz, outputs: report.txt, run: 'gzip -dc {inputs} > {outputs}'}
  pack: {pattern: {f: "*.idx"}, inputs: "w/{f}", outputs: "w/{f}.gz", run: 'touch ../ran.{name}.$$; gzip -nc {inputs} > {outputs}'}
  index: {pattern: {id: "*"}, inputs: "w/{id}.csv", outputs: "w/{id}.idx", run: 'touch ../ran.{name}.$$; sed s/^/i:/ {inputs} > {outputs}'}
  idle: {pattern: {x: "*"}, outputs: "idle/{x}", run: 'touch {outputs}'}
YAML
ok provrun run
expect_ran index@a pack@a.idx
expect_file report.txt i:a
ok provrun run
expect_ran
ok provrun run w/b.idx
expect_ran index@b
expect_file w/b.idx i:b
fails 6 provrun run w/missing.idx
has "$err" "'w/missing.idx' is no target, step, instance or file of the pipeline"
fails 6 provrun run idle
has "$err" 'makes them on demand'
