# The tasks of a user's own job script are recorded each, with what they read and wrote and their output.
slurm
traced_or_skip
echo data > in.txt
cat > fit.sh <<'SH'
#!/bin/bash
# Not an option: --array=7
#SBATCH --array=1-3
#SBATCH --output=log-%a.txt

#SBATCH --comment=never-seen
echo "task $SLURM_ARRAY_TASK_ID of $#: $1|$2"
cat in.txt > out.$SLURM_ARRAY_TASK_ID.txt
[ "$SLURM_ARRAY_TASK_ID" != 3 ] || exit 5
#SBATCH --array=8
SH
cp fit.sh submitted.sh
# A job's exit code is the highest of its tasks'.
fails 5 provrun sbatch --wait --mem=300 --time 5 fit.sh one 'two three'
has "$out" 'Submitted batch job '
expect_err 'provrun: 3 executions recorded in 1 run'
expect_file log-2.txt 'task 2 of 2: one|two three'
expect_file out.1.txt data

js log
expect_json '[.[]|select(.type=="run")]|length == 1 and .[0].workflow == "sbatch fit.sh" and .[0].state == "failed"'
js show latest
expect_json '[.[]|select(.type=="execution")|"\(.step) \(.state) \(.grade)"]|sort ==
  ["fit.sh@1 executed traced","fit.sh@2 executed traced","fit.sh@3 failed traced"]'
expect_json '.[]|select(.type=="execution" and .step=="fit.sh@2")|[.inputs[].path]|index("fit.sh") != null and index("in.txt") != null'
expect_json '.[]|select(.type=="execution" and .step=="fit.sh@2")|[.outputs[].path] == ["out.2.txt"]'
ok provrun cat latest:.provrun/logs/fit.sh@2.log
expect_out 'task 2 of 2: one|two three'
ok provrun cat latest:fit.sh
expect_same "$out" submitted.sh
js lineage up out.2.txt
expect_json '[.[]|select(.relation=="used")|.path]|index("in.txt") != null'
ok test ! -e .provrun/spool/asked
[ -z "$(ls .provrun/spool | grep -e -)" ] || fail "entries are left: $(ls .provrun/spool)"
