# A folder, a pipe or a device where a file was declared: the step fails, and nothing hangs.
pipeline <<'YAML'
provrun: 1
name: kinds
steps:
  s: {inputs: in.txt, outputs: o.txt, run: "cp {inputs} {outputs}"}
YAML
check() {
  fails 1 timeout 120 "$PROVRUN" run
  expect_err_like "provrun: failed: step s cannot use its input: in.txt is $1
provrun: 0 executed, 1 failed in TIME; run RUN recorded, SIZE new in the repository"
  rm -rf in.txt
}
mkdir in.txt
check "a directory, declared is a file (a directory's path ends in '/')"
mkfifo in.txt
check 'no regular file, declared is one'
ln -s /dev/zero in.txt
check 'no regular file, declared is one'
