chain
ok provrun run
first=$(last_run)
sed -i 's/n: 2/n: 1/' pipeline.yaml
ok provrun run
second=$(last_run)
js why b --run "$second" --against "$first"
expect_json '[.. | objects | select(.kind? == "parameter")]|length >= 1'
