# init, help and completion speak JSON too, by the same schema.
js init here
expect_json '.[0] | .type == "summary" and .files == 0 and (.repository|endswith("/here/.provrun/repository"))'
js init --template minimal there || true
js --repo only init
expect_json '.[0] | .workspace == null and (.repository|endswith("/only"))'
js help log
expect_json '.[0] | .type == "help" and .verb == "log" and (.text|contains("provrun log"))'
run provrun log --help --json
expect_exit 0
valid
expect_json '.[0] | .type == "help" and .verb == "log"'
for shell in bash zsh fish; do
  js completion $shell
  expect_json ".[0] | .type == \"completion\" and .shell == \"$shell\" and (.text|length > 100)"
done
js --version
