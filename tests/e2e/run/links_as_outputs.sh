# Outputs that are symbolic links stay links: on reuse, in the snapshot and when they are restored. A link
# out of the workspace comes back as the file that it led to.
echo outside > "$SCRATCH/outside.txt"
echo one > in.txt
pipeline <<YAML
provrun: 1
name: links
steps:
  make:
    inputs: in.txt
    outputs: [data_v1.txt, latest.txt, far.txt, tree/]
    run: |
      cp in.txt data_v1.txt
      ln -s data_v1.txt latest.txt
      ln -s $SCRATCH/outside.txt far.txt
      mkdir tree/sub; echo x > tree/sub/file; ln -s sub/file tree/alias; ln -s sub tree/folder; ln -s nowhere tree/dangling
  use: {inputs: [latest.txt, tree/], outputs: used.txt, run: "cat latest.txt tree/alias > used.txt"}
YAML
links() {
  [ "$(readlink latest.txt)" = data_v1.txt ] || fail 'latest.txt is no link to data_v1.txt'
  [ "$(readlink tree/alias)" = sub/file ] || fail 'tree/alias is no link'
  [ "$(readlink tree/folder)" = sub ] || fail 'tree/folder is no link'
  [ "$(readlink tree/dangling)" = nowhere ] || fail 'tree/dangling is no link'
  expect_file used.txt 'one
x'
}
ok provrun run
links
js run
expect_summary executed=0 reused=0 up_to_date=2
# All outputs gone: they come back from the repository, and what uses them is up to date.
rm -r latest.txt data_v1.txt far.txt tree
js run
expect_steps 'make reused'
links
[ ! -L far.txt ] || fail 'a link out of the workspace was made again'
expect_file far.txt outside
# The same after a second run from the beginning: no link is taken for somebody's work.
js run -B
expect_json '[.[]|select(.type=="notice")]|length == 0'
[ ! -e .provrun/aside ] || fail 'an output was set aside'
ok provrun restore --run latest --into back
[ "$(readlink back/latest.txt)" = data_v1.txt ] || fail 'latest.txt came back as a file'
[ "$(readlink back/tree/dangling)" = nowhere ] || fail 'tree/dangling did not come back'
expect_file back/far.txt outside
ok provrun verify latest
ok provrun reproduce latest
js show latest
# What a link led to has changed since: it is not believed, the step runs.
cat > pipeline.yaml <<'YAML'
provrun: 1
name: links
steps:
  one: {outputs: base.txt, run: "date +%N > base.txt"}
  link: {needs: [one], outputs: link.txt, run: "ln -s base.txt link.txt"}
YAML
ok provrun run -q
rm link.txt
echo other > base.txt
run provrun run -q
[ "$(cat link.txt)" = "$(cat base.txt)" ] || fail 'the link does not lead to what is there'
# A link that leads out of the workspace is never made from a record.
cat > pipeline.yaml <<'YAML'
provrun: 1
name: links
steps:
  up: {outputs: out/, run: "ln -s ../../not-there.txt out/up; echo ran >> ran.log"}
YAML
ok provrun run -q
rm -r out
js run
expect_steps 'up executed'
