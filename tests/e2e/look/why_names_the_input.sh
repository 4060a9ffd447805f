chain
ok provrun run
echo changed >> in.txt
js why a
expect_json '[.. | objects | select(.kind? == "input_content" and .what == "in.txt")]|length >= 1'
