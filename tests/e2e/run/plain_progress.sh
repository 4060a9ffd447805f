# Without a terminal: nothing on stdout, plain lines without escape sequences on stderr.
chain
ok provrun run
expect_out ''
has "$err" b
lacks "$err" $'\033'
