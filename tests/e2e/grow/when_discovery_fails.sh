# A step that makes no parts has failed unless they are optional; who awaits them is skipped, and what cannot be laid out fails.
pipeline <<'YAML'
provrun: 1
steps:
  split: {inputs: in, outputs: {parts: {discover: "p/{c}"}}, run: 'for c in $(cat in); do echo $c > p/$c; done'}
  each: {foreach: {from: split.parts}, inputs: ["p/{c}", "need/{c}"], outputs: "e/{c}", run: 'cp p/{c} {outputs}'}
  all: {inputs: {e: {collect: each}}, outputs: all.txt, run: 'cat {inputs} > {outputs}'}
  other: {outputs: other.txt, run: 'touch {outputs}'}
YAML
: > in
js -1 run -k
expect_steps 'each skipped' 'all skipped' 'other executed' 'split failed'
expect_json '[.[]|select(.type=="step" and .step=="split")|.failure] == ["made no file p/{c} that could be discovered"]'
expect_json '[.[]|select(.type=="step" and .step=="each")|.reason.what] == ["split"]'
js log
mkdir need; touch need/a
echo a b > in
fails 1 provrun run -k
has "$err" "failed: step each cannot be laid out: pipeline.yaml:4:58: step 'each@b' needs need/b, which is not there and which no step makes"
[ ! -e e/a ] || fail 'an instance ran of a step that cannot be laid out'
touch need/b
ok provrun run
expect_file all.txt $'a\nb'
sed -i 's/discover: "p\/{c}"/discover: "p\/{c}", optional: true/' pipeline.yaml
: > in
ok provrun run
expect_file all.txt ''
