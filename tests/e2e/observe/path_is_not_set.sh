# Without PATH programs are found where they usually are; with one that finds others steps run again.
traced_or_skip
mkdir "$SCRATCH/mine"
printf '#!/bin/sh\necho mine\n' > "$SCRATCH/mine/sort"
chmod +x "$SCRATCH/mine/sort"
usual=$PATH
echo line > in
pipeline <<'YAML'
provrun: 1
steps:
  alone: {run: sort in > alone.txt}
  shell: {run: "for i in 1; do sort in; done > shell.txt"}
YAML
run env -u PATH "$PROVRUN" run
[ "$code" = 0 ] || fail "exit $code"
js show shell
expect_json '[.[]|select(.type=="execution").observation.search_path]==["/usr/local/bin:/usr/bin:/bin"]'
js run
expect_summary up_to_date=2
export PATH="$SCRATCH/mine:$usual"
js run
expect_summary executed=2
expect_file alone.txt mine
expect_file shell.txt mine
run env -u PATH "$PROVRUN" status
has "$out" "PATH now finds /usr/bin/sort first (was $SCRATCH/mine/sort)"

# What was started by its path is not what PATH found; a pipeline that sets PATH has its own.
pipeline <<'YAML'
provrun: 1
steps:
  named: {run: /usr/bin/sort in > named.txt}
  own: {run: sort in > own.txt, env: {set: {PATH: "/usr/bin:/bin"}}}
YAML
export PATH="$usual"
js run
expect_summary executed=2
export PATH="$SCRATCH/mine:$usual"
js run
expect_summary up_to_date=2

# The records of single commands and of reproductions have it, too.
ok provrun exec -- sort in
js show latest
expect_json '[.[]|select(.type=="execution").observation.search_path]==["'"$PATH"'"]'
