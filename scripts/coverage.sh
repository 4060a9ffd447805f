#!/usr/bin/env bash
# Line coverage of src/ and include/, room by room.   usage: scripts/coverage.sh [--no-tests]
# Builds the preset `coverage`, runs all its tests (unless --no-tests) and prints one line per room and the total.
# Exits 1 when the total is below COVERAGE_LEAST (default 90) percent.
set -euo pipefail
cd "$(dirname "$0")/.."
least=${COVERAGE_LEAST:-90}
build=build/coverage
jobs=${COVERAGE_JOBS:-$(nproc)}
if [ "${1:-}" != --no-tests ]; then
  cmake --preset coverage > /dev/null
  cmake --build "$build" -j "$jobs" > /dev/null
  find "$build" -name '*.gcda' -delete
  # Not on the standard error of the programs under test, whose text the cases compare.
  export GCOV_ERROR_FILE=$PWD/$build/counters.log
  : > "$GCOV_ERROR_FILE"
  ctest --test-dir "$build" -LE lint -j "$jobs" --output-on-failure || echo 'coverage: some tests failed' >&2
  if [ -s "$GCOV_ERROR_FILE" ]; then
    echo "coverage: counters are damaged, the total is too low: $GCOV_ERROR_FILE" >&2
    sort "$GCOV_ERROR_FILE" | uniq -c | sort -rn | head -5 >&2
  fi
fi
# fork, vfork and signals that end a process leave no counters; nothing is excluded for that.
gcovr --root . --object-directory "$build" --filter 'src/' --filter 'include/' --exclude-throw-branches \
  --gcov-ignore-parse-errors -j "$jobs" --json-summary "$build/coverage.json" > /dev/null
python3 - "$build/coverage.json" "$least" <<'PY'
import collections, json, sys
summary, least = json.load(open(sys.argv[1])), float(sys.argv[2])
rooms = collections.defaultdict(lambda: [0, 0])
for file in summary["files"]:
    parts = file["filename"].split("/")
    room = parts[1] if parts[0] == "src" else parts[2] if len(parts) > 3 else "include"
    for name in (room, "total"):
        rooms[name][0] += file["line_covered"]
        rooms[name][1] += file["line_total"]
for room in sorted(rooms, key=lambda r: (r == "total", r)):
    covered, lines = rooms[room]
    print(f"{room:12} {covered:6}/{lines:<6} {100 * covered / max(lines, 1):5.1f} %")
covered, lines = rooms["total"]
sys.exit(0 if 100 * covered >= least * lines else 1)
PY
