chain
ok provrun run
ok provrun diff latest latest
ok provrun diff --exit-code latest latest
sed -i 's/n: 2/n: 1/' pipeline.yaml
ok provrun run
ok provrun diff latest~1 latest
has "$out" b
fails 4 provrun diff --exit-code latest~1 latest
js diff latest~1 latest
