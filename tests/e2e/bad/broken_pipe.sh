# The reader of a listing may go away.
chain
ok provrun run
set -o pipefail
provrun show latest --json 2> "$err" | head -n 1 > "$out"
lacks "$err" terminate
