# A frozen step runs only when it is asked for by name; its outputs come back from the repository, and
# plan says what run will do.
echo 1 > in.txt
pipeline <<'YAML'
provrun: 1
steps:
  make: {inputs: in.txt, outputs: made.txt, run: "cp {inputs} {outputs}"}
  ice: {frozen: true, inputs: made.txt, outputs: ice.txt, run: "cp {inputs} {outputs}; echo ran >> ../ice.log"}
  use: {inputs: ice.txt, outputs: use.txt, run: "cp {inputs} {outputs}"}
YAML
fails 1 provrun run -k
has "$err" 'failed: step ice is frozen, and its output ice.txt is not there; --force ice runs it'
js plan
expect_json 'map(select(.type=="step" and .state!="up_to_date")|[.step,.state]) == [["ice","blocked"],["use","blocked"]]'
ok provrun run --force ice
expect_file ../ice.log ran
# Its input changes: neither plan nor run touches it.
echo 2 > in.txt
js plan
expect_json 'map(select(.type=="step" and .state!="up_to_date")|.step) == ["make"]'
ok provrun run -B
expect_file ../ice.log ran
expect_file ice.txt 1
# An output that was lost comes back while its inputs are those of then; else nothing can make it.
echo 1 > in.txt
ok provrun run
rm ice.txt
js plan
expect_json 'map(select(.type=="step" and .step=="ice"))[0].reuse'
ok provrun run
expect_file ice.txt 1
expect_file ../ice.log ran
rm ice.txt
echo 3 > in.txt
js plan
expect_json 'map(select(.type=="step")|[.step,.state]) == [["make","would_run"],["ice","blocked"],["use","blocked"]]'
fails 1 provrun run
expect_file ../ice.log ran
