# In another checkout the parts, and all that came of them, are had from the repository.
mkdir one two
make_one() {
  printf 'a b c' > words
  pipeline <<'YAML'
provrun: 1
steps:
  split: {inputs: words, outputs: {parts: {discover: "p/{w}"}}, run: 'touch ../ran.split.$$; for w in $(cat words); do echo $w > p/$w; done'}
  each: {foreach: {from: split.parts}, inputs: "p/{w}", outputs: "e/{w}", run: 'touch ../ran.{name}.$$; cp {inputs} {outputs}'}
  all: {inputs: {e: {collect: each}}, outputs: all.txt, run: 'touch ../ran.all.$$; cat {inputs} > {outputs}'}
YAML
}
cd one && make_one
ok provrun --repo "$PWD/../repo" init
ok provrun --repo "$PWD/../repo" run
expect_ran all each@a each@b each@c split
cd ../two && make_one
mkdir p && echo stale > p/z
js --repo "$PWD/../repo" plan
expect_json '[.[]|select(.type=="step")|.step] == ["split", "each@a", "each@b", "each@c", "all"]'
[ -e p/z ] || fail 'the plan has changed something'
js --repo "$PWD/../repo" run
expect_summary executed=0 reused=5 failed=0
expect_ran
expect_same all.txt ../one/all.txt
[ ! -e p/z ] || fail 'a file that is none of the parts is still among them'
ok provrun --repo "$PWD/../repo" run
has "$err" 'nothing to do'
ok provrun --repo "$PWD/../repo" reproduce latest
has "$err" identical
# A part more than then is told, and the programs of steps that come later are in the record.
mkdir ../three && cd ../three
pipeline <<YAML
provrun: 1
steps:
  split: {outputs: {parts: {discover: "p/{w}"}}, run: 'echo 1 > p/a; [ ! -e $SCRATCH/more ] || echo 2 > p/b'}
  each: {foreach: {from: split.parts}, inputs: "p/{w}", outputs: "e/{w}", run: 'sort -n {inputs} > {outputs}'}
YAML
ok provrun run
ok provrun cat latest:.provrun/run.json
has "$out" '/sort"'
touch "$SCRATCH/more"
js -4 reproduce latest
expect_json '[.[]|select(.type=="output" and .verdict!="identical")|"\(.path) \(.verdict)"] == ["p/b extra"]'
