# A first argument that is a file or ends in .yaml means `run`; so does -f.
chain
ok provrun pipeline.yaml
expect_ran a b c d
mv pipeline.yaml other.yml
ok provrun other.yml
expect_ran
ok provrun run -f other.yml
ok provrun -C . run -f other.yml
expect_ran
fails 6 provrun missing.yaml
has "$err" missing.yaml
