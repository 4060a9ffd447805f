# Of many results of one step the one that fits what lies here is found.
traced_or_skip
pipeline <<'YAML'
provrun: 1
steps:
  a: {outputs: [o.txt], run: "cat h.txt > o.txt"}
YAML
for i in $(seq 0 25); do
  echo $i > h.txt
  ok provrun run
done
echo 0 > h.txt
ok provrun run
has "$err" '0 executed, 1 restored'
expect_file o.txt 0

# An output that cannot be run any more is altered; other modes are the user's.
pipeline <<'YAML'
provrun: 1
steps:
  tool: {outputs: [tool], run: "printf '#!/bin/sh\\necho ran\\n' > tool; chmod 755 tool"}
YAML
ok provrun run
chmod -x tool
ok provrun why tool
has "$out" 'its output tool was altered: mode 0755 → mode 0644'
ok provrun run
has "$err" '1 restored'
[ -x tool ] || fail 'the output cannot be run'
chmod g-r tool
ok provrun run
has "$err" 'nothing to do'
