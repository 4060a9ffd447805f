# Every template is copied and runs at once; the second run does nothing.
for t in minimal data-analysis parameter-sweep build-c; do
  [ "$t" != build-c ] || command -v cc > /dev/null || continue
  ok provrun init --template "$t" "dir-$t"
  [ -f "dir-$t/pipeline.yaml" ] || fail "$t has no pipeline.yaml"
  ok provrun -C "dir-$t" run
  run provrun -C "dir-$t" run --json
  expect_summary executed=0 failed=0
done
fails 6 provrun init --template nothing-like-it other
has "$err" minimal
[ ! -e other ] || fail 'left something behind'
