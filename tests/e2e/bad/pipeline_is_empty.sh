: > pipeline.yaml
fails 2 provrun run
has "$err" empty
