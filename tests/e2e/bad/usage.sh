# Unknown verbs and options: exit 2, the nearest word, nothing on stdout.
fails 2 provrun rnu
expect_out ''
has "$err" run
fails 2 provrun run --frobnicate
has "$err" frobnicate
fails 2 provrun run -j 0
fails 2 provrun run -j many
fails 2 provrun restore --run latest
fails 2 provrun exec
fails 6 provrun -C no-such-folder run
