# --require traced: met where steps are observed, exit 7 where they are not.
cat > pipeline.yaml <<'Y'
provrun: 1
steps:
  a: {outputs: a.txt, run: echo a > a.txt}
Y
provrun doctor | grep -q 'ok *observing: notify' || skip "this machine cannot observe"
ok provrun run --require traced
fails 2 provrun run --trace off --require traced
has "$err" '--require traced and --trace off exclude each other'
fails 2 provrun run --trace sometimes
has "$err" "--trace is auto, off or a mechanism (preload+notify, notify), not 'sometimes'"
ok provrun exec --require traced -- cat a.txt
# A listener is there already inside of an observed command.
rm a.txt
fails 7 provrun exec -- "$PROVRUN" run -B --require traced
has "$err" 'provrun: error: --require traced is not met: a is declared only (another program observes already (a listener of seccomp is there))'
expect_file a.txt a
