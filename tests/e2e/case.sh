#!/usr/bin/env bash
# Runs one end-to-end case in a fresh folder.   usage: PROVRUN=BINARY case.sh SUBJECT/BEHAVIOUR.sh
set -u
here=$(cd "$(dirname "$0")" && pwd)
case_file=$here/${1:?case}
: "${PROVRUN:?the binary under test}"
PROVRUN=$(realpath "$PROVRUN")
PROVRUN_SOURCE=${PROVRUN_SOURCE:-$(cd "$here/../.." && pwd)}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/provrun-e2e.XXXXXX")
finish() {
  status=$?
  if [ "${E2E_KEEP:-}" ]; then
    echo "kept: $scratch"
  else
    chmod -R u+rwX "$scratch" 2>/dev/null
    rm -rf "$scratch"
  fi
  exit $status
}
trap finish EXIT
mkdir "$scratch/home" "$scratch/work" "$scratch/tmp"
cd "$scratch/work" || exit 1
# Nothing of the caller reaches the case but the path to the tools.
env -i PATH="$PATH" HOME="$scratch/home" TMPDIR="$scratch/tmp" LANG=C.UTF-8 USER="${USER:-e2e}" \
  GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=E2E GIT_AUTHOR_EMAIL=e2e@example.org \
  GIT_COMMITTER_NAME=E2E GIT_COMMITTER_EMAIL=e2e@example.org \
  ASAN_OPTIONS="${ASAN_OPTIONS:-}" UBSAN_OPTIONS="${UBSAN_OPTIONS:-}" TSAN_OPTIONS="${TSAN_OPTIONS:-}" \
  SLURM_TEST_DIR="${SLURM_TEST_DIR:-/tmp/provrun-slurm-$(id -u)}" \
  PROVRUN="$PROVRUN" SOURCE="$PROVRUN_SOURCE" SCRATCH="$scratch" BASH_ENV="$here/lib.sh" \
  bash "$case_file"
