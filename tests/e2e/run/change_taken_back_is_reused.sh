chain
ok provrun run
sed -i 's/n: 2/n: 1/' pipeline.yaml
ok provrun run
ran > /dev/null
sed -i 's/n: 1/n: 2/' pipeline.yaml
js run
expect_ran
expect_steps 'b reused' 'c reused'
expect_file c.txt 2
