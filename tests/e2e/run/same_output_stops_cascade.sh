# a runs again and gives the same bytes as before: b and c stay.
chain
ok provrun run
ran > /dev/null
printf 'two\nthree\none\n' > in.txt
js run
expect_ran a
expect_steps 'a executed'
