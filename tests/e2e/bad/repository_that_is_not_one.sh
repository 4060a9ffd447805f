# --repo that is not there: exit 6 and a hint; a folder that is not a repository: refused, not filled.
chain
fails 6 provrun --repo nowhere/repo run
has "$err" hint
has "$err" init
[ ! -e nowhere ] || fail 'made it'
mkdir folder
echo mine > folder/file
run provrun --repo folder run
case $code in 2 | 6) ;; *) fail "exit $code" ;; esac
[ "$(ls folder)" = file ] || fail 'wrote into a folder that is not a repository'
expect_ran
