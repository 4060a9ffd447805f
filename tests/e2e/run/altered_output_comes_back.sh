chain
ok provrun run
ran > /dev/null
cp c.txt c.was
echo spoiled > c.txt
js run
expect_ran
expect_same c.txt c.was
expect_json '.[]|select(.step=="c")|.state == "reused" and .reason.kind == "output_altered"'
