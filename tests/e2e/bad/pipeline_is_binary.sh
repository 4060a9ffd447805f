head -c 4096 /dev/urandom > pipeline.yaml
fails 2 provrun run
has "$err" pipeline.yaml
LC_ALL=C grep -q '[^[:print:][:space:]]' "$err" && fail 'raw bytes reached the terminal'
true
