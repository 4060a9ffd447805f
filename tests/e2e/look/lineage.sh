chain
ok provrun run
js lineage up c.txt
expect_json '[.[]|select(.type=="edge" and .relation=="used")|.path]|contains(["b.txt","a.txt","in.txt"])'
expect_json '[.[]|select(.type=="edge" and .relation=="generated")|.path]|contains(["c.txt","b.txt","a.txt"])'
expect_json '[.[]|select(.type=="edge")|.path]|index("d.txt")|not'
js lineage down in.txt
expect_json '[.[]|select(.type=="edge" and .relation=="generated")|.path]|contains(["c.txt"])'
js lineage path in.txt c.txt
expect_json '[.[]|select(.type=="edge")]|length >= 2'
js lineage up "sha256:$(sha256sum c.txt | cut -d' ' -f1)"
expect_json '[.[]|select(.type=="edge")]|length >= 3'
ok provrun lineage up c.txt
has "$out" in.txt
fails 6 provrun lineage up never-seen.txt
