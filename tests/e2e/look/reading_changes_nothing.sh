# No verb that only looks changes a byte or a time below the workspace, not even after a change of the workflow.
chain
ok provrun run
expect_file c.txt 2
sed -i 's/n: 2/n: 1/' pipeline.yaml
before=$(fingerprint .)
r=$(last_run)
for words in plan status 'status --exit-code' 'why b' 'why c.txt' log "log --json" "show $r" 'show b' 'show c.txt' \
    'lineage up c.txt' 'lineage down in.txt' graph 'graph --format svg' 'snapshots' 'ls latest' 'cat latest:c.txt' \
    "verify $r" 'run -n' 'help run' 'completion bash'; do
  # shellcheck disable=SC2086
  run provrun $words
  case $code in 0 | 3) ;; *) fail "provrun $words: exit $code" ;; esac
  [ "$(fingerprint .)" = "$before" ] || fail "provrun $words changed something: $(find . -newer pipeline.yaml)"
done
