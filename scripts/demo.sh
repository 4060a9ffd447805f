#!/bin/sh
# From a fresh Debian 12 to a recorded workflow: installs what is missing, builds provrun, runs an example in
# a scratch folder and shows what was recorded.
#   usage: scripts/demo.sh [EXAMPLE]        EXAMPLE: a folder of examples/, default penguins
#   BUILD_DIR (default build) is where provrun is built; JOBS how many compilers run at once.
set -eu
cd "$(dirname "$0")/.."
top=$PWD
example=${1:-penguins}
[ -f "examples/$example/pipeline.yaml" ] || {
  printf 'There is no example %s. There are: %s\n' "$example" "$(ls examples | tr '\n' ' ')" >&2
  exit 2
}
. scripts/packages.sh
# shellcheck disable=SC2086  # lists of words
need_packages $BUILD_PACKAGES python3

build=${BUILD_DIR:-build}
[ -f "$build/build.ninja" ] || cmake -S . -B "$build" -G Ninja -DPROVRUN_TESTS=OFF >&2
cmake --build "$build" --target provrun --parallel "${JOBS:-$(nproc)}" >&2
case $build in /*) ;; *) build=$top/$build ;; esac
PATH=$build/bin:$PATH

demo=$(mktemp -d "${TMPDIR:-/tmp}/provrun-demo.XXXXXX")
cp -R "examples/$example/." "$demo"
rm -rf "$demo/expected" "$demo/.provrun"
cd "$demo"

say() { printf '\n\033[1m$ %s\033[0m\n' "$*"; "$@"; }
[ -t 1 ] || say() { printf '\n$ %s\n' "$*"; "$@"; }
case $example in
  penguins) result=out/report.html ;;
  wordcount) result=out/common.tsv ;;
  *) result=latest ;;
esac

say provrun run pipeline.yaml
say provrun run pipeline.yaml
say provrun log
say provrun show latest
say provrun lineage up "$result"

printf '\nThe workflow, its results and .provrun/ are in %s\n' "$demo"
