# Words that are empty, long, of several lines or not UTF-8: refused with a readable message.
chain
long=$(head -c 5000 /dev/zero | tr '\0' a)
for word in $'a\nb\e[31m' $'\xff\xfe' "$long"; do
  for verb in '' run why show cat ls verify reproduce graph help completion '-C' 'run --force' 'lineage up' 'init --template'; do
    run provrun $verb "$word"
    case $code in 2 | 6) ;; *) fail "$verb: exit $code" ;; esac
    grep -q '^provrun: error: ' "$err" || fail "$verb: no message"
    LC_ALL=C grep -q $'[^[:print:][:space:]\xe2\x86\x92\x80\xa6]' "$err" && fail "$verb: raw bytes"
  done
  fails 2 provrun run "--$word"
  LC_ALL=C grep -q '[^[:print:][:space:]]' "$err" && fail "option: raw bytes"
done
fails 2 provrun -C ''
expect_err "provrun: error: -C needs a folder
hint: 'provrun help' shows how it is used"
js -2
expect_json '.[0] | .type == "error" and .message == "no verb is given"'
ok provrun -f pipeline.yaml plan
has "$out" a
[ ! -e .provrun ] || fail 'something was written'
