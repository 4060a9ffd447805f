# With --executor slurm each step is a job with its resources, and recorded as if it had run here.
slurm
traced_or_skip
export SECRET_TOKEN=not-to-be-seen-anywhere
pipeline <<'YAML'
provrun: 1
name: jobs
env: {secrets: [SECRET_TOKEN], set: {WORD: "with 'quotes'"}}
steps:
  a:
    outputs: a.txt
    run: printf '%s %s' "$WORD" "$SLURM_JOB_NAME" > a.txt; test -n "$SECRET_TOKEN"; echo said
    resources: {cpus: 2, memory: 200MiB, time: 90s}
  b:
    foreach: {range: [1, 3]}
    inputs: a.txt
    outputs: "b.{range}.txt"
    run: cat hidden.txt a.txt > {outputs}
  bad: {outputs: bad.txt, run: "echo half > bad.txt; exit 9"}
YAML
sed -i 's/{range: \[1, 3\]}/[{range: 1}, {range: 2}, {range: 3}]/' pipeline.yaml
echo hidden > hidden.txt
js -1 run --executor slurm -k
expect_steps 'a executed' 'b@1 executed' 'b@2 executed' 'b@3 executed' 'bad failed'
expect_file a.txt "with 'quotes' a"
ok test ! -e bad.txt
squeue -h -t all -o '%j|%C|%m|%l|%P|%k' > "$SCRATCH/jobs"
grep -q "^a|2|264M|3:00|test|provrun:" "$SCRATCH/jobs" || fail "the job: $(cat "$SCRATCH/jobs")"
js show latest
expect_json 'all(.[]|select(.type=="execution" and .state=="executed"); .grade == "traced")'
expect_json '.[]|select(.type=="execution" and .step=="b@2")|[.inputs[].path]|index("hidden.txt") != null'
ok provrun cat latest:.provrun/logs/a.log
expect_out said
[ -z "$(ls .provrun/jobs 2> /dev/null)" ] || fail "left: $(ls -R .provrun/jobs)"
stored_text > "$SCRATCH/stored"
lacks "$SCRATCH/stored" not-to-be-seen-anywhere
# Nothing is submitted for what is up to date, wherever it ran.
before=$(squeue -h -t all | wc -l)
js run a b --executor slurm
expect_summary executed=0
js run a b
expect_summary executed=0
[ "$(squeue -h -t all | wc -l)" = "$before" ] || fail 'something was submitted'
