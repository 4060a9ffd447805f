chain
ok provrun run
ok provrun ls latest
has "$out" c.txt
js ls latest
ok provrun cat latest:b.txt
expect_same "$out" b.txt
fails 6 provrun cat latest:nothing.txt
js snapshots
expect_json 'length >= 1'
