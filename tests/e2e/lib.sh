# The words of the end-to-end cases; README.md lists them. Loaded before each case by case.sh.
unset BASH_ENV  # children of the case are plain shells
out=$SCRATCH/out
err=$SCRATCH/err
code=
last=
: > "$out"
: > "$err"

provrun() { "$PROVRUN" "$@"; }

fail() {
  {
    printf 'FAILED %s line %s: %s\n' "${0##*/}" "${BASH_LINENO[*]}" "$*"
    [ -z "$last" ] || printf -- '--- last command (exit %s): %s\n' "$code" "$last"
    printf -- '--- stdout\n'; head -c 6000 "$out"
    printf -- '--- stderr\n'; head -c 6000 "$err"
    printf -- '---\n'
  } >&2
  exit 1
}
skip() { echo "skipped: $*"; exit 77; }

run() {
  last=$*
  "$@" > "$out" 2> "$err" < /dev/null
  code=$?
}
ok() { run "$@"; [ "$code" = 0 ] || fail "exit $code, expected 0"; }
fails() {
  local expected=$1
  shift
  run "$@"
  [ "$code" = "$expected" ] || fail "exit $code, expected $expected"
}
expect_exit() { [ "$code" = "$1" ] || fail "exit $code, expected $1"; }

valid() {
  python3 "$SOURCE/tests/e2e/validate.py" "$SOURCE/schemas" "$out" > "$SCRATCH/schema" 2>&1 ||
    fail "does not fit the schema: $(cat "$SCRATCH/schema")"
}
# js [-N] VERB…: with --json, exit code N (default 0), output valid.
js() {
  local expected=0
  case $1 in -[0-9]*) expected=${1#-}; shift ;; esac
  run provrun "$@" --json
  [ "$code" = "$expected" ] || fail "exit $code, expected $expected"
  valid
}
json() { jq -s -r "$1" "$out"; }
expect_json() { jq -s -e "$1" "$out" > /dev/null 2>&1 || fail "not true of the output: $1"; }
expect_summary() {
  local pair
  for pair in "$@"; do
    expect_json "[.[]|select(.type==\"summary\")][-1] | (.${pair%%=*}|tostring) == \"${pair#*=}\""
  done
}
# The steps whose state is not up_to_date, as "name state" lines, in any order.
expect_steps() {
  local expected actual
  expected=$(printf '%s\n' "$@" | sort)
  actual=$(json '.[]|select(.type=="step" and .state!="up_to_date")|"\(.step) \(.state)"' | sort)
  [ "$expected" = "$actual" ] || fail "steps are: $actual; expected: $expected"
}
expect_text() {
  printf '%s' "$2" | cmp -s - "$1" && return
  printf '%s\n' "$2" | cmp -s - "$1" && return
  diff <(printf '%s\n' "$2") "$1" >&2
  fail "$1 is not as expected"
}
# Standard error, where what differs from run to run has a name: HERE, RUN, TIME, SIZE.
expect_err_like() {
  sed -E "s|$PWD|HERE|g; s/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/RUN/g
    s/ in [0-9.]+ (ms|s)/ in TIME/; s/[0-9.]+ k?B new/SIZE new/" "$err" > "$SCRATCH/err.named"
  expect_text "$SCRATCH/err.named" "$1"
}
expect_out() { expect_text "$out" "$1"; }
expect_err() { expect_text "$err" "$1"; }
expect_file() { [ -f "$1" ] || fail "$1 is missing"; expect_text "$1" "$2"; }
expect_same() { cmp "$1" "$2" >&2 || fail "$1 and $2 differ"; }
has() { grep -qF -- "$2" "$1" || fail "$1 does not contain: $2"; }
lacks() { grep -qF -- "$2" "$1" && fail "$1 contains: $2"; return 0; }

pipeline() { cat > pipeline.yaml; }
example() { cp -R "$SOURCE/examples/$1/." .; rm -rf .provrun; }
# The command, unable to read what its modes forbid even where root runs the tests.
as_user() {
  [ "$(id -u)" = 0 ] || { "$@"; return; }
  setpriv --bounding-set -dac_override,-dac_read_search "$@"
}
can_be_user() { as_user true 2> /dev/null || skip 'setpriv cannot take root its rights'; }
# What stands in a record for a content that nobody could look through; see docs/formats/run-record.md.
keyed_id() {
  printf 'hmac-sha256:'
  printf 'sha256:%s' "$1" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(od -An -v -tx1 < .provrun/hash.key | tr -d ' \n')" | sed 's/.*= //'
}
hash_of() { sha256sum < "$1" | cut -c-64; }
# All bytes of the repository, what is compressed without that.
in_repository() {
  find "${1:-.provrun/repository}" -type f | while read -r f; do
    case $(head -c 4 "$f" | od -An -tx1 | tr -d ' \n') in
      28b52ffd) zstd -dcq "$f" ;;
      *) cat "$f" ;;
    esac
  done
}
last_run() { provrun log --json | jq -r 'select(.type=="run").run' | head -n 1; }
fingerprint() {
  {
    find "$1" -printf '%P %y %s %T@ %m\n' | sort
    find "$1" -type f -print0 | sort -z | xargs -0 -r sha256sum
  } | sha256sum
}
# All that lies below .provrun, what is compressed as what it was.
stored_text() {
  find .provrun -type f | while read -r f; do
    case $(head -c 4 "$f" | od -An -tx1 | tr -d ' \n') in
      28b52ffd) zstd -dcq "$f" ;;
      *) cat "$f" ;;
    esac
  done
}
# Waits up to ten seconds for a command to succeed.
wait_for() {
  local i
  for i in $(seq 200); do
    "$@" > /dev/null 2>&1 && return 0
    sleep 0.05
  done
  fail "did not happen in 10 s: $*"
}
# A workflow of three steps used by many cases: a -> b -> c, and d beside them. `n` is b's parameter.
chain() {
  printf 'one\ntwo\nthree\n' > in.txt
  pipeline <<'YAML'
provrun: 1
name: chain
params: {n: 2}
steps:
  a:
    inputs: in.txt
    outputs: a.txt
    run: touch ../ran.a.$$; sort {inputs} > {outputs}
  b:
    inputs: a.txt
    outputs: b.txt
    params: [n]
    run: touch ../ran.b.$$; head -n {params.n} {inputs} > {outputs}
  c:
    inputs: b.txt
    outputs: c.txt
    run: touch ../ran.c.$$; wc -l < {inputs} > {outputs}
  d:
    outputs: d.txt
    run: touch ../ran.d.$$; echo d > {outputs}
YAML
}
# Which of chain's steps ran since the last call, sorted, on one line. Each leaves a file beside the workspace, where it
# is no output of theirs.
ran() {
  ls .. | sed -n 's/^ran\.\(.*\)\..*/\1/p' | sort | tr '\n' ' ' | sed 's/ $//'
  rm -f ../ran.*
}
expect_ran() { local r; r=$(ran); [ "$r" = "$*" ] || fail "ran: '$r', expected: '$*'"; }

# Leaves where steps cannot be observed whole on this machine.
traced_or_skip() {
  mkdir -p "$SCRATCH/traced"
  printf 'provrun: 1\nsteps: {t: {run: "true"}}\n' > "$SCRATCH/traced/pipeline.yaml"
  provrun -C "$SCRATCH/traced" run > /dev/null 2>&1 &&
    provrun -C "$SCRATCH/traced" show t --json | grep -q '"grade":"traced"' ||
    skip 'steps are not traced here'
}

# Starts the Slurm of the tests unless it runs; every case that is root can have it.
slurm() {
  [ "$(id -u)" = 0 ] || skip 'only root can start a Slurm'
  SLURM_CONF=$(bash "$SOURCE/tests/support/slurm.sh" start 2> "$SCRATCH/slurm") || fail "$(cat "$SCRATCH/slurm")"
  export SLURM_CONF
}
# fake NAME: a program of that name that comes before all others on PATH; its script is standard input.
fake() {
  mkdir -p "$SCRATCH/fakes"
  cat > "$SCRATCH/fakes/$1"
  chmod +x "$SCRATCH/fakes/$1"
  case $PATH in "$SCRATCH/fakes:"*) ;; *) PATH=$SCRATCH/fakes:$PATH ;; esac
}
# The executions of all runs, as "name state" lines, sorted.
recorded_executions() {
  local run
  for run in $(provrun log --json | jq -r 'select(.type=="run").run'); do
    provrun show "$run" --json | jq -r 'select(.type=="execution") | "\(.step) \(.state)"'
  done | sort
}
