# A script that is edited while its job waits runs, and is recorded, as it was; what a task made stays known though others
# have overwritten it since.
slurm
printf '#!/bin/sh\necho first > made.txt\n' > job.sh
ok provrun sbatch --hold job.sh
job=$(grep -o '[0-9]*$' "$out")
printf '#!/bin/sh\necho second > made.txt\n' > job.sh
scontrol release "$job"
wait_for grep -q first made.txt
wait_for sh -c 'ls .provrun/spool/*/ended'
echo overwritten > made.txt
ok provrun repair --spool
has "$err" '1 execution recorded in 1 run'
ok provrun cat latest:made.txt
expect_out first
ok provrun cat latest:job.sh
has "$out" 'echo first'
# Standard input and --wrap name no script.
printf '#!/bin/sh\necho "$1" > piped.txt\n' | "$PROVRUN" sbatch --wait > "$out" 2> "$err" || fail 'standard input'
ok provrun sbatch --wait --wrap='echo wrapped > wrapped.txt'
expect_file wrapped.txt wrapped
ok provrun log
has "$out" 'sbatch wrap: 1 executed'
has "$out" 'sbatch sbatch: 1 executed'
