# why gives the smallest reason, with both values.
chain
ok provrun run
sed -i 's/n: 2/n: 17/' pipeline.yaml
js why b
expect_json '[.. | objects | select(.kind? == "parameter" and (.what|test("n")) and .before == "2" and .after == "17")]|length >= 1'
ok provrun why b
has "$out" 17
ok provrun why b.txt
has "$out" 17
ok provrun why d
fails 6 provrun why no-such-step
