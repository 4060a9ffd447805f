# A table or a parameters' file that cannot be read is said with the place that names it.
mkdir folder
ln -s nowhere dangling
echo x > locked.csv
chmod 000 locked.csv
reads() { # FILE
  pipeline <<YAML
provrun: 1
name: x
params: {file: $1}
steps:
  s: {foreach: {csv: $1}, outputs: "{id}", run: "true"}
YAML
}
reads folder
fails 2 provrun run
expect_err "provrun: error: pipeline.yaml:3:16: 'folder' is a directory
  params: {file: folder}
                 ^
hint: give the path of a file"
reads dangling
fails 2 provrun plan
expect_err "provrun: error: pipeline.yaml:3:16: 'dangling' is a symbolic link that leads nowhere
  params: {file: dangling}
                 ^
hint: make what it points to, or replace the link by the file"
can_be_user
reads locked.csv
sed -i '/^params/d' pipeline.yaml
fails 7 as_user "$PROVRUN" run
expect_err_like "provrun: error: pipeline.yaml:4:22: cannot open HERE/locked.csv: Permission denied
    s: {foreach: {csv: locked.csv}, outputs: \"{id}\", run: \"true\"}
                       ^"
[ ! -e .provrun ] || fail 'something was written'
