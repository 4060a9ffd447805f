chain
ok provrun run
ran > /dev/null
sed -i 's/echo d > {outputs}/echo D > {outputs}/' pipeline.yaml
js run
expect_ran d
expect_file d.txt D
