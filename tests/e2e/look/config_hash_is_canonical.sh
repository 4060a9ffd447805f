# The same configuration gives the same hash, whatever the order of its keys; another one gives another.
chain
ok provrun run
sed -i 's/^name: chain$//; s/^provrun: 1$/name: chain\nprovrun: 1/' pipeline.yaml
ok provrun run -B
sed -i 's/n: 2/n: 3/' pipeline.yaml
ok provrun run
js log
expect_json '[.[]|select(.type=="run")|.config_hash] as $h | $h[0] != $h[1] and $h[1] == $h[2]'
