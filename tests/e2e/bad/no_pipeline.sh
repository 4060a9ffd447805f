run provrun run
case $code in 2 | 6) ;; *) fail "exit $code" ;; esac
has "$err" pipeline.yaml
has "$err" hint
[ ! -e .provrun ] || fail 'made .provrun'
