example penguins
ok provrun run
rm -rf raw src out work config
js reproduce latest
expect_json '[.[]|select(.type=="output")]|length >= 12 and all(.verdict=="identical")'
