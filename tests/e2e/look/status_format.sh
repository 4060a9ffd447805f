# --status lays out what stands before each step, with ninja's placeholders.
pipeline <<'YAML'
provrun: 1
steps:
  a: {outputs: a, run: 'touch a'}
  b: {inputs: a, outputs: b, run: 'touch b'}
YAML
ok provrun run --status '<%f of %t, %u to come, %r runs, %p, 100%%> '
has "$err" '<1 of 2, 1 to come, 0 runs,  50%, 100%> a in '
has "$err" '<2 of 2, 0 to come, 0 runs, 100%, 100%> b in '
ok provrun run -B --status '%s;%o;%c;%e;%E;%w;%W;%P|'
grep -qE '^1;[0-9.?]+;\?;[0-9.]+;[0-9.?]+;00:0[0-9];[0-9:?]+; *[0-9?]+%\|a in ' "$err" || fail 'not laid out'
fails 2 provrun run --status '%q'
expect_err "provrun: error: --status has no placeholder '%q'
hint: there are %s %f %t %r %u %p %P %o %c %e %E %w %W and %%; 'provrun help run' says what they are"
fails 2 provrun run --status 'x%'
has "$err" "--status ends in a single '%'"
