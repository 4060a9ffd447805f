# A file where a folder is needed: that step fails, the others go on, and the file stays.
echo mine > folder
pipeline <<'YAML'
provrun: 1
name: places
steps:
  s: {outputs: folder/o.txt, run: "echo s > {outputs}"}
  t: {outputs: t.txt, run: "echo t > {outputs}"}
YAML
fails 1 provrun run -k -j 1
has "$err" 'provrun: 1 executed, 1 failed'
grep -v '^\[\|executed' "$err" > rest
expect_text rest "provrun: failed: step s has no place for its outputs: cannot make the directory $PWD/folder: Not a directory"
expect_file folder mine
expect_file t.txt t
# Something else in an output's place goes aside, whatever it is.
rm folder
ln -s t.txt t.link
ln -s loop loop
mkdir -p dir/deep
pipeline <<'YAML'
provrun: 1
name: places
steps:
  s: {outputs: [t.link, loop, dir], run: "for o in {outputs}; do echo new > $o; done"}
YAML
ok provrun run
for o in t.link loop dir; do
  expect_file $o new
  has "$err" "provrun: $o was not made by a recorded run; it is now .provrun/aside/"
done
expect_file t.txt t
