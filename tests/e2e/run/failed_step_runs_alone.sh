# The command that is shown for a failed step does the same by itself: from where the caller is, with the
# step's directory, streams and several scripts.
mkdir -p 'my work/sub/deep'
cd 'my work' || exit 1
printf 'l1\nl2\n' > sub/in.txt
pipeline <<'YAML'
provrun: 1
env: {set: {V: "a b"}}
steps:
  s:
    cwd: sub/deep
    stdin: sub/in.txt
    stdout: out.txt
    stderr: sub/err.txt
    run: ["head -n 1; echo $V", "cat; echo said >&2", "exit 5"]
YAML
alone() { sed -n 's/^  to run it alone: //p' "$err" > "$SCRATCH/alone"; [ -s "$SCRATCH/alone" ] || fail 'no command'; }
same() {
  rm -f out.txt sub/err.txt
  (cd "$1" && bash "$SCRATCH/alone") < /dev/null
  [ $? = 5 ] || fail 'another exit code'
  expect_file out.txt 'l1
a b
l1
l2'
  expect_file sub/err.txt said
}
fails 1 provrun run
alone
expect_text "$SCRATCH/alone" "cd sub/deep && { V='a b' bash -euo pipefail -c 'head -n 1; echo \$V' < ../in.txt && V='a b' bash -euo pipefail -c 'cat; echo said >&2' < ../in.txt && V='a b' bash -euo pipefail -c 'exit 5' < ../in.txt; } > ../../out.txt 2> ../err.txt"
same .
here=$PWD
cd sub || exit 1
fails 1 provrun run
alone
cd "$here" || exit 1
same sub
cd /
fails 1 provrun -C "$here/sub" run
cd "$here" || exit 1
alone
same /
# In the scratch folder of reproduce, too.
mkdir ../other && cd ../other || exit 1
pipeline <<'YAML'
provrun: 1
steps:
  s: {outputs: o, run: "[ ! -e $HOME/gone ] || exit 5; echo x > {outputs}"}
YAML
ok provrun run
touch "$HOME/gone"
run provrun reproduce latest
alone
(bash "$SCRATCH/alone") < /dev/null
[ $? = 5 ] || fail 'another exit code in the scratch folder'
grep -q '^cd /' "$SCRATCH/alone" || fail 'it does not go to the scratch folder'
