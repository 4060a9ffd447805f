# clean removes what provrun made and the repository has, and nothing else; the next run brings it back.
pipeline <<'YAML'
provrun: 1
steps:
  a: {inputs: in.txt, outputs: [work/a.txt, dir/], run: 'cp in.txt work/a.txt; mkdir -p dir/deep; cp in.txt dir/deep/x; echo note > noted.txt'}
  b: {inputs: work/a.txt, outputs: {b: {path: b.txt, protected: true}, c: {path: c.txt, cache: false}}, run: 'cp {inputs} b.txt; cp {inputs} c.txt'}
  p: {outputs: {p: {path: p.txt, persist: true}}, run: 'echo 1 >> p.txt'}
  u: {inputs: u.txt, outputs: u.txt, run: 'echo 1 >> u.txt'}
  split: {outputs: {parts: {discover: "parts/{n}.txt"}}, run: 'for i in 1 2; do echo $i > parts/$i.txt; done'}
  each: {foreach: {from: split.parts}, inputs: "parts/{n}.txt", outputs: "each/{n}.txt", run: 'cp {inputs} {outputs}'}
YAML
echo in > in.txt
echo u > u.txt
js clean
expect_summary removed=0 kept=0
ok provrun run
before=$(fingerprint .)
js clean -n
expect_summary removed=6
[ "$before" = "$(fingerprint .)" ] || fail 'a dry run has changed something'
js clean a
expect_json '[.[]|select(.type=="cleaned" and .state=="removed")|.path] | sort == ["dir/deep/x", "work/a.txt"]'
[ ! -e dir ] && [ ! -e work/a.txt ] && [ -e in.txt ] && [ -e b.txt ] || fail 'other files went, or these stayed'
ok provrun run
expect_file dir/deep/x in
# What was edited stays, and so does what says that it shall.
echo edited > parts/2.txt
js clean
expect_json '[.[]|select(.state=="kept")|.path] | sort == ["b.txt","c.txt","noted.txt","p.txt","parts/2.txt","u.txt"]'
for file in in.txt u.txt p.txt b.txt c.txt parts/2.txt; do [ -e "$file" ] || fail "$file has gone"; done
for file in work/a.txt dir parts/1.txt each/1.txt each/2.txt; do [ ! -e "$file" ] || fail "$file is still there"; done
ok provrun clean
has "$err" 'kept parts/2.txt: it is not as provrun has recorded it'
has "$err" 'kept u.txt: it is an input of the step, too'
rm parts/2.txt
js run
expect_summary executed=0 failed=0
expect_file each/2.txt 2
# What the repository has lost is no copy: it stays.
ok provrun -v clean split
has "$out" 'removed parts/1.txt'
js run
rm -r .provrun/repository
ok provrun clean split
expect_file parts/1.txt 1
fails 6 provrun clean nothing
fails 2 provrun clean --bogus
