# --repo that is not there: exit 6 and a hint; what is no repository: refused, not filled.
chain
before=$(fingerprint .)
fails 6 provrun --repo nowhere/repo run
expect_out ''
expect_err_like "provrun: error: there is no repository at HERE/nowhere/repo
hint: 'provrun --repo HERE/nowhere/repo init' makes one"
[ "$(fingerprint .)" = "$before" ] || fail 'something was written'
mkdir folder
echo mine > folder/file
before=$(fingerprint folder)
fails 2 provrun --repo folder run
expect_err_like "provrun: error: HERE/folder is not a provrun repository
hint: it has no config.json; 'provrun --repo PATH init' makes a repository in an empty folder"
fails 2 provrun --repo in.txt run
expect_err_like "provrun: error: HERE/in.txt is not a provrun repository: it is not a directory
hint: a repository is a folder; 'provrun --repo PATH init' makes one"
js -2 --repo folder log
expect_json '.[0] | .code == "invalid_input" and (.message|endswith("/folder is not a provrun repository"))'
fails 2 provrun --repo ssh://host/repo log
expect_err "provrun: error: cannot reach ssh://: only folders and file:// are known
hint: mount it, or copy it to a folder"
[ "$(fingerprint folder)" = "$before" ] || fail 'wrote into a folder that is not a repository'
expect_ran
ok provrun run
chmod u+w .provrun/repository/config.json
: > .provrun/repository/config.json
fails 5 provrun log
expect_err_like "provrun: error: cannot open the repository HERE/.provrun/repository: config.json of the repository: not JSON near ''
hint: it was written once, by init: bring it back from a copy of the repository"
