# The same PATH finds another program when one appears in an earlier folder of it, or becomes one.
traced_or_skip
early=$SCRATCH/early late=$SCRATCH/late
mkdir "$early" "$late"
printf '#!/bin/sh\necho late\n' > "$late/tool"
chmod +x "$late/tool"
export PATH="$SCRATCH/not yet:$early:$late:$PATH"
pipeline <<'YAML'
provrun: 1
steps:
  alone: {run: tool > alone.txt}
  shell: {run: "for i in 1; do tool; done > shell.txt"}
YAML
js run
js run
expect_summary up_to_date=2
# No program: PATH passes it by. A note there is what the shell has seen not to be there before.
printf '#!/bin/sh\necho early\n' > "$early/tool"
js run
expect_file shell.txt late
sleep 0.1
js run
expect_summary up_to_date=2
chmod +x "$early/tool"
ok provrun why shell
has "$out" "PATH now finds $early/tool first (was $late/tool)"
js run
expect_summary executed=2
expect_file alone.txt early
expect_file shell.txt early
sleep 0.1
js run
expect_summary up_to_date=2
mkdir "$SCRATCH/not yet"
cp -p "$late/tool" "$SCRATCH/not yet/tool"
ok provrun why alone
has "$out" "PATH now finds $SCRATCH/not yet/tool first (was $early/tool)"
js run
expect_summary executed=2
expect_file alone.txt late
