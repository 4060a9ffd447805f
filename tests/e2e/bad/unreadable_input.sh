# A file that may not be read fails its step; a folder that may not be searched is found before anything runs.
can_be_user
pipeline <<'YAML'
provrun: 1
name: locked
steps:
  tidy: {inputs: in.txt, outputs: o.txt, run: "cp {inputs} {outputs}"}
YAML
echo x > in.txt
chmod 000 in.txt
fails 1 as_user "$PROVRUN" run
expect_out ''
expect_err_like "provrun: failed: step tidy cannot use its input: cannot open HERE/in.txt: Permission denied
provrun: 0 executed, 1 failed in TIME; run RUN recorded, SIZE new in the repository"
[ ! -e o.txt ] || fail 'ran'
rm -f in.txt
mkdir data
echo x > data/in.txt
sed -i 's,in.txt,data/in.txt,' pipeline.yaml
chmod 000 data
before=$(provrun log)
fails 7 as_user "$PROVRUN" run
expect_err_like "provrun: error: pipeline.yaml:4:18: step 'tidy' cannot use its input: cannot stat HERE/data/in.txt: Permission denied
    tidy: {inputs: data/in.txt, outputs: o.txt, run: \"cp {inputs} {outputs}\"}
                   ^"
[ "$(provrun log)" = "$before" ] || fail 'a run was recorded'
