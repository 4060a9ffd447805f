# A limit on file sizes (ulimit -f) is an error that says so, not a signal.
pipeline <<'YAML'
provrun: 1
name: limit
steps:
  s: {inputs: in.bin, outputs: o, run: "echo x > o"}
YAML
head -c 3000000 /dev/urandom > in.bin
# A build that counts lines would cut its counters short as well: these go elsewhere.
export GCOV_PREFIX=$PWD GCOV_PREFIX_STRIP=99
run bash -c 'ulimit -f 400; exec "$PROVRUN" run'
expect_exit 8
unset GCOV_PREFIX GCOV_PREFIX_STRIP
has "$err" 'File too large'
ok provrun run
ok provrun verify latest
