# undeclared: warn says it, error fails the step, adopt writes it into the pipeline file.
traced_or_skip
echo 1 > in; echo 2 > extra
steps() {
  cat > pipeline.yaml <<YAML
provrun: 1
steps:
  # what it is for
  join:
    inputs: in   # the data
    outputs: out.txt
    undeclared: $1
    run: cat in extra > out.txt
YAML
}
steps warn
ok provrun run
has "$err" 'join reads without declaring it: extra'
steps error
fails 1 provrun run -B
has "$err" 'reads without declaring it: extra'
steps adopt
ok provrun run -B
has "$err" 'join: adopted inputs extra into pipeline.yaml'
expect_file pipeline.yaml 'provrun: 1
steps:
  # what it is for
  join:
    inputs: [in, extra]   # the data
    outputs: out.txt
    undeclared: adopt
    run: cat in extra > out.txt'
ok provrun run
js run
expect_summary up_to_date=1
