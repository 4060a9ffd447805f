#!/bin/sh
# From a fresh Debian 12 to all tests: installs what is missing, configures with warnings as errors, builds
# and runs every test by ctest. The last line is `N passed, N failed`, with `, N skipped` where tests were;
# the exit code is 0 only when everything was built and nothing failed.
#   usage: scripts/test.sh [CTEST-OPTION...]      e.g. scripts/test.sh -L lint
#   BUILD_DIR (default build-test), JOBS (default: all cores)
set -u
cd "$(dirname "$0")/.." || exit 1
. scripts/packages.sh
build=${BUILD_DIR:-build-test}
jobs=${JOBS:-$(nproc)}

give_up() {
  printf '%s\n0 passed, 1 failed\n' "$1"
  exit 1
}
# shellcheck disable=SC2086  # lists of words
need_packages $BUILD_PACKAGES $TEST_PACKAGES || give_up 'The packages could not be installed.'
cmake -S . -B "$build" -G Ninja -DPROVRUN_DEVELOPER=ON -DPROVRUN_TESTS=ON || give_up 'CMake failed.'
cmake --build "$build" --parallel "$jobs" || give_up 'The build failed.'

report=$build/ctest.xml
rm -f "$report"
ctest --test-dir "$build" --parallel "$jobs" --output-on-failure --no-tests=error \
  --output-junit "$(cd "$build" && pwd)/ctest.xml" "$@" </dev/null
status=$?
[ -s "$report" ] || give_up 'ctest left no report.'

# The counts come from the result of each test, not from a summary line.
sh scripts/junit-summary.sh "$report"
counted=$?
[ "$status" = 0 ] && [ "$counted" = 0 ]
