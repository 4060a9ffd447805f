# 100 MB: refused at once, with little memory.
{ printf 'provrun: 1\nname: x\nsteps:\n'; yes '# padding padding padding padding padding' | head -c 100000000; } > pipeline.yaml
start=$SECONDS
fails 2 provrun run
expect_out ''
expect_err "provrun: error: pipeline.yaml has 100 MB, and a pipeline at most 16.8 MB
hint: put long tables into a file of their own: foreach: {csv: samples.csv}"
[ $((SECONDS - start)) -lt 10 ] || fail 'took too long'
[ "$(ls -A)" = pipeline.yaml ] || fail 'something was written'
