# reproduce runs the past again elsewhere: the workspace may have changed meanwhile, and is not touched.
chain
ok provrun run
r=$(last_run)
echo other > in.txt
sed -i 's/n: 2/n: 1/' pipeline.yaml
echo spoiled > c.txt
ran > /dev/null
before=$(fingerprint in.txt; fingerprint c.txt)
js reproduce "$r"
expect_json '[.[]|select(.type=="output")]|length == 4 and all(.verdict=="identical")'
expect_json '.[-1].type == "summary" and .[-1].verdict == "identical"'
[ "$(fingerprint in.txt; fingerprint c.txt)" = "$before" ] || fail 'the workspace was touched'
expect_ran
