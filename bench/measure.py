#!/usr/bin/env python3
"""Times commands round by round (A B C A B C …), so that ratios hold when the machine drifts.

usage: measure.py [--rounds R] [--warmup W] [--ratio-to SYSTEM] < PLAN

A line of the plan: system<TAB>case<TAB>shell text run before, not timed (- for none)<TAB>shell text that is timed
Prints system<TAB>case<TAB>metric<TAB>value: wall_s and cpu_s (medians), wall_min_s, rss_mib (largest process; figures
below this script's own 12 MiB are not seen), runs, exit (when not 0), and wall_ratio to the system named.
"""
import argparse
import os
import statistics
import subprocess
import sys
import time


def shell(text):
    null = os.open(os.devnull, os.O_RDWR)
    try:
        return os.posix_spawn("/bin/sh", ["/bin/sh", "-c", text], os.environ, file_actions=[
            (os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, null, 2)])
    finally:
        os.close(null)


def timed(text):
    start = time.perf_counter()
    pid = shell(text)
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - start
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--warmup", type=int, default=1)
    parser.add_argument("--ratio-to", default="ninja")
    args = parser.parse_args()
    plan = [line.rstrip("\n").split("\t") for line in sys.stdin if line.strip() and not line.startswith("#")]

    runs = {}
    for round_number in range(-args.warmup, args.rounds):
        for system, case, before, command in plan:
            if before != "-":
                subprocess.run(["/bin/sh", "-c", before], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
            result = timed(command)
            if round_number >= 0:
                runs.setdefault((system, case), []).append(result)

    wall = {}
    for (system, case), results in runs.items():
        def emit(metric, value, form="%.4g"):
            print("%s\t%s\t%s\t%s" % (system, case, metric, form % value))
        wall[system, case] = statistics.median(r[0] for r in results)
        emit("wall_s", wall[system, case])
        emit("wall_min_s", min(r[0] for r in results))
        emit("cpu_s", statistics.median(r[1] for r in results))
        emit("rss_mib", max(r[2] for r in results), "%.1f")
        emit("runs", len(results), "%d")
        failed = [r[3] for r in results if r[3] != 0]
        if failed:
            emit("exit", failed[0], "%d")
    for (system, case), value in wall.items():
        base = wall.get((args.ratio_to, case))
        if base and system != args.ratio_to:
            print("%s\t%s\twall_ratio_to_%s\t%.3g" % (system, case, args.ratio_to, value / base))


if __name__ == "__main__":
    main()
