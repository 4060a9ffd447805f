#!/bin/sh
# Prints `N passed, N failed[, N skipped]` for a JUnit file of ctest, after a line for each failed test;
# exits 1 when a test failed or none passed. A test that could not be started has failed: only one that
# asked to be skipped counts as skipped.
#   usage: junit-summary.sh FILE
awk '
  function fail() { failed++; print "failed: " name }
  /<testcase / {
    name = $0; sub(/.*<testcase name="/, "", name); sub(/" classname=.*/, "", name)
    waiting = 0
    if ($0 ~ /status="run"/) passed++
    else if ($0 ~ /status="disabled"/) skipped++
    else if ($0 ~ /status="notrun"/) waiting = 1
    else fail()
  }
  waiting && /<skipped / {
    if ($0 ~ /message="SKIP_/) skipped++; else fail()
    waiting = 0
  }
  END {
    printf "%d passed, %d failed", passed, failed
    if (skipped) printf ", %d skipped", skipped
    printf "\n"
    exit (failed > 0 || passed == 0)
  }' "$1"
