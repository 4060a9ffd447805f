# A work tree whose repository is gone or broken is not shown as one without a commit, or as none.
pipeline <<'YAML'
provrun: 1
steps:
  a: {outputs: a, run: "echo a > {outputs}", always: true}
YAML
echo 'gitdir: /nonexistent/modules/x' > .git
ok provrun run
ok provrun show latest
has "$out" 'git       not read'
has "$out" "the git repository that $PWD/.git names is not there"
rm .git
git init -q .
ok provrun run
ok provrun show latest
has "$out" 'git       no commit yet on '
echo junk > .git/HEAD
ok provrun run
ok provrun show latest
has "$out" 'git       not read'
