# Folders that may not be looked into, as one on PATH, hold nothing: a step that looked there is up to date
# until they are opened and have what it looked for.
traced_or_skip
can_be_user
mkdir closed
chmod 000 closed
pipeline <<'YAML'
provrun: 1
steps:
  look: {outputs: o, run: "[ ! -e closed/x ]; ls closed 2> /dev/null || true; cat /dev/null > {outputs}; echo ran >> ../ran"}
YAML
export PATH="$PWD/closed:$PATH"
ok as_user "$PROVRUN" run
ok as_user "$PROVRUN" run
has "$err" 'nothing to do'
ok as_user "$PROVRUN" status --exit-code
chmod 755 closed
printf '#!/bin/sh\n/bin/cat "$@"; echo other >> ../other\n' > closed/cat
chmod 755 closed/cat
ok as_user "$PROVRUN" run
expect_file ../ran 'ran
ran'
expect_file ../other other
