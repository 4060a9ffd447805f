# diff of files: added, removed, changed, other metadata, another kind; equal folders are not listed.
mkdir files
pipeline <<'YAML'
provrun: 1
steps:
  a: {inputs: make.sh, outputs: files/, run: rm -rf files/*; sh make.sh}
YAML
cat > make.sh <<'SH'
cd files; mkdir -p same/deep gone kind; echo s > same/deep/s; echo g > gone/g; echo k > kind/k
echo one > changed; echo m > mode; touch -d 2001-01-01 same/deep/s mode changed; touch -d 2001-01-01 same/deep same
SH
ok provrun run
cat > make.sh <<'SH'
cd files; mkdir -p same/deep new; echo s > same/deep/s; echo n > new/n; echo k > kind
echo other > changed; echo m > mode; chmod 600 mode
touch -d 2001-01-01 same/deep/s mode changed; touch -d 2001-01-01 same/deep same
SH
ok provrun run
ok provrun diff latest~1:files latest:files
expect_out 'M changed  4 B -> 6 B
- gone/
- gone/g
T kind  directory -> file
- kind/k
U mode  mode
+ new/
+ new/n'
expect_err 'provrun: 2 added, 3 removed, 2 changed, 1 with other metadata; 10 B in, 8 B out'
fails 4 provrun diff --exit-code latest~1:files latest:files
ok provrun diff --exit-code latest:files latest:files
expect_err 'provrun: no difference'
js diff latest~1:files latest:files
expect_summary added=2 removed=3 changed=2 metadata=1 added_bytes=10 removed_bytes=8 different=true
expect_json 'any(.type == "change" and .path == "mode" and .fields == ["mode"] and .before.mode == "0644" and .after.mode == "0600")'
ok provrun diff --files latest~1 latest
has "$out" 'M make.sh'
# Of two runs without --files, what differs between the runs.
ok provrun diff latest~1 latest
has "$out" 'output a'
fails 2 provrun diff latest
expect_err "provrun: error: diff takes two runs or two snapshots
hint: 'provrun help diff' lists what it takes"
fails 6 provrun diff latest:nothing latest:files
