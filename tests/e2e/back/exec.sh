# exec records one command and exits with its code.
echo data > in.txt
ok provrun exec -- sh -c 'cat in.txt > out.txt; echo said'
expect_file out.txt data
has "$out" said
fails 7 provrun exec -- sh -c 'exit 7'
fails 127 provrun exec -- no-such-command-anywhere
printf '#!/nonexistent\n' > plain.txt
fails 125 provrun exec -i not-there -- true
has "$err" "the input not-there is not there"
run provrun exec --json -i not-there -- true
expect_exit 125
expect_json '.[0].code == "not_found" and .[0].exit_code == 125'
fails 126 provrun exec -- ./plain.txt
js log
expect_json '[.[]|select(.type=="run")]|length >= 2'
