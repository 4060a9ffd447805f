# What was made is not what was declared: the step fails and the thing is moved aside.
check() { # RUN WHAT
  printf 'provrun: 1\nname: kinds\nsteps:\n  s: {outputs: o, run: "%s"}\n' "$1" > pipeline.yaml
  fails 1 timeout 120 "$PROVRUN" run
  expect_err_like "provrun: s: unfinished o is now .provrun/unfinished/RUN/o
provrun: failed: step s did not make $2
  to run it alone: bash -euo pipefail -c '$1'
provrun: 0 executed, 1 failed in TIME; run RUN recorded, SIZE new in the repository"
  [ ! -e o ] && [ ! -L o ] || fail 'it stays'
}
check 'mkfifo o' 'what was declared: o is no regular file, declared is one'
check 'ln -s /dev/zero o' 'what was declared: o is no regular file, declared is one'
check 'mkdir o; touch o/x' "what was declared: o is a directory, declared is a file (a directory's path ends in '/')"
check 'ln -s nowhere o' 'its output o'
check 'ln -s o o' 'its output o'
