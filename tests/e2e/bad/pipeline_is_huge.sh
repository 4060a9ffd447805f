# 100 MB: refused at once, with little memory.
{ printf 'provrun: 1\nname: x\nsteps:\n'; yes '# padding padding padding padding padding' | head -c 100000000; } > pipeline.yaml
start=$SECONDS
fails 2 provrun run
has "$err" pipeline.yaml
[ $((SECONDS - start)) -lt 10 ] || fail 'took too long'
