# In a workspace that has never run, looking does not make .provrun.
chain
before=$(fingerprint .)
for words in plan status 'why b' graph 'run -n'; do
  # shellcheck disable=SC2086
  ok provrun $words
  [ "$(fingerprint .)" = "$before" ] || fail "provrun $words made something: $(find . -newer pipeline.yaml)"
done
