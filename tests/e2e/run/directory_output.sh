# A directory is an output like a file: it is recorded whole, and comes back whole.
pipeline <<'YAML'
provrun: 1
name: folder
steps:
  make: {outputs: parts/, run: "mkdir -p parts/deep; echo 1 > parts/one; echo 2 > parts/deep/two"}
  use: {inputs: parts/, outputs: list.txt, run: "cat parts/one parts/deep/two > {outputs}; echo u >> use.log"}
YAML
ok provrun run
expect_file list.txt '1
2'
rm -r parts
js run
expect_summary executed=0 failed=0
expect_file parts/deep/two 2
expect_file use.log u

# Empty folders are part of it.
pipeline <<'YAML'
provrun: 1
steps:
  make: {outputs: [parts/, none/], run: "mkdir -p parts/deep/empty parts/x; echo 1 > parts/one"}
  use: {inputs: [parts/, none/], outputs: list.txt, run: "find parts none | sort > {outputs}"}
YAML
ok provrun run
cp list.txt first.txt
find parts none | sort > "$SCRATCH/before"
rm -r parts none
js run
expect_summary executed=0 reused=1 up_to_date=1 failed=0
find parts none | sort > "$SCRATCH/after"
expect_same "$SCRATCH/before" "$SCRATCH/after"
ok provrun run
has "$err" 'nothing to do'
rmdir parts/x
js run
expect_summary executed=0 reused=1 failed=0
[ -d parts/x ] || fail 'an empty folder did not come back'
rm -r parts none
sed -i 's/use:/used:/' pipeline.yaml
ok provrun run -B
ok provrun restore --run latest --into again
(cd again && find parts none | sort) > "$SCRATCH/restored"
expect_same "$SCRATCH/before" "$SCRATCH/restored"
ok provrun reproduce latest
