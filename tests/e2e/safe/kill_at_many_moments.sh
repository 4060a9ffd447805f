# Killed at twelve moments of one run: each time the next run completes, and the history verifies.
chain
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
  echo "$i" > in.txt
  "$PROVRUN" run > "$out" 2> "$err" < /dev/null &
  pid=$!
  sleep "0.0$((i * 7 % 10))$i"
  kill -9 "$pid" 2> /dev/null
  wait "$pid" 2> /dev/null
  sleep 0.05
  ok provrun run
  expect_file a.txt "$i"
  ok provrun verify latest
done
js log
expect_json '[.[]|select(.type=="run")]|length >= 12'
