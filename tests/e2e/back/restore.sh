chain
ok provrun run
ok provrun restore --run latest --into there
expect_same there/c.txt c.txt
expect_same there/in.txt in.txt
expect_same there/pipeline.yaml pipeline.yaml
ok provrun restore --run latest b.txt --into only
expect_same only/b.txt b.txt
[ ! -e only/c.txt ] || fail 'restored more than was asked for'
fails 6 provrun restore --run latest nothing.txt --into else
js restore --run latest --into again
