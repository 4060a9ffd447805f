# sbatch, squeue and scancel that answer late, not at all or nonsense: no step runs twice, none counts as done that is not.
CLUSTER=$SCRATCH/cluster
mkdir "$CLUSTER"
# What sbatch is called with is the step's environment: it has nothing of ours.
fake_in_cluster() { fake "$1" < <(sed "1a CLUSTER=$CLUSTER"); }
# A cluster of one script: jobs run at once, each with a number.
fake_in_cluster sbatch <<'SH'
#!/bin/bash
case $(cat "$CLUSTER/mode") in refuse) echo 'sbatch: error: QOSMaxSubmitJobPerUserLimit' >&2; exit 1 ;; esac
number=$(($(ls "$CLUSTER" | grep -c '^job') + 1))
for word; do case $word in --comment=*) comment=${word#--comment=} ;; --output=*) output=${word#--output=} ;; esac; done
echo "$comment" > "$CLUSTER/job$number"
[ "$(cat "$CLUSTER/mode")" = lost ] || SLURM_JOB_ID=$number setsid sh "${!#}" > "$output" 2>&1 < /dev/null &
case $(cat "$CLUSTER/mode") in
  garbled) echo 'sbatch: <html>proxy</html>' ;;
  silent) ;;
  *) echo "$number" ;;
esac
SH
fake_in_cluster squeue <<'SH'
#!/bin/bash
echo "$*" >> "$CLUSTER/asked"
case $* in *%k*) for job in "$CLUSTER"/job*; do echo "${job##*job}|$(cat "$job")"; done ;; *) cat "$CLUSTER/states" 2> /dev/null ;; esac
SH
fake_in_cluster scancel <<'SH'
#!/bin/sh
echo "$*" >> "$CLUSTER/cancelled"
SH
pipeline <<'YAML'
provrun: 1
steps:
  a: {outputs: a.txt, run: "echo ran >> ../ran; echo > a.txt"}
YAML
for mode in good garbled silent; do
  echo "$mode" > "$CLUSTER/mode"
  rm -f ../ran
  js run -B --executor slurm
  expect_summary executed=1
  expect_file ../ran ran
done
echo refuse > "$CLUSTER/mode"
fails 1 provrun run -B --executor slurm
has "$err" 'could not be submitted: sbatch: error: QOSMaxSubmitJobPerUserLimit'
# Many jobs, and squeue is not asked for any of those that tell of their end in time.
rm -f "$CLUSTER/asked"
echo good > "$CLUSTER/mode"
{
  printf 'provrun: 1\nsteps:\n'
  for i in $(seq 20); do printf '  s%s: {outputs: o%s, run: "echo > o%s"}\n' $i $i $i; done
} > pipeline.yaml
js run --executor slurm
expect_summary executed=20
ok test ! -e "$CLUSTER/asked"
fails 2 provrun run --executor cloud
has "$err" "--executor is local or slurm, not 'cloud'"
# Where there is no Slurm that is said before anything is done.
mkdir "$SCRATCH/bare"
for tool in bash sh cat; do ln -s "$(command -v $tool)" "$SCRATCH/bare/$tool"; done
PATH=$SCRATCH/bare run "$PROVRUN" run -B --executor slurm
PATH=/usr/sbin:/usr/bin:/sbin:/bin
expect_exit 6
has "$err" 'there is no sbatch on PATH'
