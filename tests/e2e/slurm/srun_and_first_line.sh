# Tasks of srun and scripts with provrun in their first line are recorded without the repository, many at once.
slurm
export HERE_PROVRUN=$PROVRUN
ok srun -n 4 --mem=600 "$PROVRUN" exec -- sh -c 'echo $SLURM_PROCID > out.$SLURM_PROCID.txt'
ok test ! -e .provrun/repository
cat > line.sh <<SH
#!/usr/bin/env -S $PROVRUN exec -- /bin/bash
#SBATCH --output=said.txt
echo hello
echo made > line.txt
SH
chmod +x line.sh
ok sbatch --wait line.sh
expect_file said.txt "hello
provrun: written to the spool; the next run records it"
# The next run takes it all up.
printf 'provrun: 1\nsteps: {s: {outputs: s.txt, run: "echo > s.txt"}}\n' > pipeline.yaml
ok provrun run
has "$err" '5 executions of jobs recorded'
js log
expect_json '[.[]|select(.type=="run")|.workflow]|sort == ["exec bash","exec sh","pipeline"] or length == 3'
js lineage up out.3.txt
expect_json '[.[]|select(.relation=="generated")]|length == 1'
js lineage up line.txt
expect_json '[.[]|select(.relation=="generated")]|length == 1'
