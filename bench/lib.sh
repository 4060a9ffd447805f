# Sourced by the scripts of this folder.
bench=$(cd "$(dirname "$0")" && pwd)
scratch=${SCRATCH:-${TMPDIR:-/tmp}/provrun-bench}
provrun=${PROVRUN:-$bench/../build/bin/provrun}
jobs=${J:-2}
export LC_ALL=C.UTF-8
[ -x "$provrun" ] || { echo "no binary at $provrun: build it, or set PROVRUN" >&2; exit 1; }
provrun=$(realpath "$provrun")
mkdir -p "$scratch"
# Not this user's repository or configuration.
unset PROVRUN_REPO
export HOME=$scratch/home
mkdir -p "$HOME"
add() { printf '%s\t%s\t%s\t%s\n' "$1" "$2" "${3:--}" "$4"; }
# finish FOLDER: remove it unless KEEP is set
finish() { [ -n "${KEEP:-}" ] || rm -rf "$1"; }
