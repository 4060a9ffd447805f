printf 'through\n' | provrun exec -- tr a-z A-Z > got.txt || fail "exit $?"
expect_file got.txt THROUGH
