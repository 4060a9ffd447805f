# A target is a step, an output file, or a name under `targets`.
chain
printf 'targets:\n  both: [a, d]\n' >> pipeline.yaml
ok provrun run pipeline.yaml d
expect_ran d
ok provrun run pipeline.yaml b.txt
expect_ran a b
rm -rf .provrun [abcd].txt
ok provrun run pipeline.yaml both
expect_ran a d
fails 6 provrun run pipeline.yaml nothing-like-it
has "$err" nothing-like-it
