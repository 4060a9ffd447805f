chain
ok provrun -q run
expect_out ''
expect_err ''
