# A PATH that finds another program first makes the steps run that started it, and no other PATH does.
traced_or_skip
tool() {
  mkdir -p "$1"
  printf '#!/bin/sh\necho %s\n' "$3" > "$1/$2"
  chmod +x "$1/$2"
}
one=$SCRATCH/one two=$SCRATCH/two three=$SCRATCH/three usual=$PATH
tool "$one" tool first
tool "$two" tool second
tool "$three" unrelated third
pipeline <<'YAML'
provrun: 1
steps:
  alone: {run: tool > alone.txt}
  shell: {run: "for i in 1; do tool; done > shell.txt"}
  under: {run: env -u NOTHING tool > under.txt}
  python: {shell: [/usr/bin/python3, -c], run: "import subprocess; subprocess.run(['tool'], stdout=open('python.txt', 'w'))"}
  other: {run: "echo other | cat > other.txt"}
YAML
export PATH="$SCRATCH/empty:$one:$usual"
mkdir "$SCRATCH/empty"
js run
expect_summary executed=5
js run
expect_summary up_to_date=5

# Another PATH that finds the same programs.
export PATH="$three:$one:$usual:$two"
js run
expect_summary up_to_date=5
js run
expect_summary up_to_date=5
mkdir "$SCRATCH/links"
ln -s "$one/tool" "$SCRATCH/links/tool"
export PATH="$SCRATCH/links:$usual"
js run
expect_summary up_to_date=5
# That a program is not found at all says nothing of the result.
export PATH="$usual"
js run
expect_summary up_to_date=5

export PATH="$three:$two:$one:$usual"
ok provrun why alone
has "$out" "PATH now finds $two/tool first (was $one/tool)"
js status
expect_json '[.[]|select(.type=="step" and .state=="would_run")|.step]|sort==["alone","python","shell","under"]'
expect_json '[.[]|select(.type=="step" and .state=="would_run")|.reason]|unique==[{kind:"observed_program",what:"tool",before:"'"$one"'/tool",after:"'"$two"'/tool"}]'
js plan
expect_json '[.[]|select(.reason.kind=="observed_program")]|length==4'
js run
expect_steps 'alone executed' 'shell executed' 'under executed' 'python executed'
for step in alone shell under python; do expect_file "$step.txt" second; done
js run
expect_summary up_to_date=5

# What was recorded tells it, and the results of before come back with the PATH of before.
js show alone
expect_json '[.[]|select(.type=="execution").observation.search_path]==["'"$three:$two:$one:$usual"'"]'
export PATH="$one:$usual"
js run
expect_summary reused=4 up_to_date=1
expect_file shell.txt first
