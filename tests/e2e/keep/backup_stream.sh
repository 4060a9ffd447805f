# A stream is a file; a command that fails leaves no snapshot.
ok provrun --repo r init
last='backup --stdin'
printf 'from a pipe\n' | "$PROVRUN" --repo r backup --stdin --stdin-filename sub/name.txt > "$out" 2> "$err" ||
  fail 'a pipe'
ok provrun --repo r cat latest:sub/name.txt
expect_out 'from a pipe'
ok provrun --repo r backup --stdin-from-command -- sh -c 'echo made'
ok provrun --repo r cat latest:stdin
expect_out made
fails 1 provrun --repo r backup --stdin-from-command -- sh -c 'echo half; exit 3'
has "$err" 'sh failed with exit code 3, so there is no snapshot'
fails 6 provrun --repo r backup --stdin-from-command -- no-such-program
js --repo r snapshots
expect_json '[.[]|select(.type=="snapshot")]|length == 2'
fails 2 provrun --repo r backup --stdin d
