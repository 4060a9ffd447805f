#!/usr/bin/env python3
"""A straight line mass = intercept + slope * flipper for one species, as JSON.

ols: least squares, with a normal interval for the slope. theil-sen: the median of all pairwise slopes, with
the interval of Sen (1968) from the normal approximation of Kendall's statistic. Numbers are rounded to six
significant digits, so that the last bits of a mathematics library do not change the file.
"""
import argparse
import csv
import json
import math
import statistics
import sys

parser = argparse.ArgumentParser()
parser.add_argument("--species", required=True)
parser.add_argument("--method", choices=["ols", "theil-sen"], required=True)
parser.add_argument("--confidence", type=float, required=True)
parser.add_argument("tables", nargs="+")
args = parser.parse_args()

points = []
for name in args.tables:
    with open(name, newline="") as table:
        points += [(float(r["flipper_mm"]), float(r["mass_g"])) for r in csv.DictReader(table)
                   if r["species"] == args.species]
n = len(points)
if n < 3:
    sys.exit("fit: only %d birds of species %s" % (n, args.species))
z = statistics.NormalDist().inv_cdf(0.5 + args.confidence / 2)

if args.method == "ols":
    mean_x = math.fsum(x for x, _ in points) / n
    mean_y = math.fsum(y for _, y in points) / n
    sxx = math.fsum((x - mean_x) ** 2 for x, _ in points)
    slope = math.fsum((x - mean_x) * (y - mean_y) for x, y in points) / sxx
    intercept = mean_y - slope * mean_x
    residual = math.fsum((y - intercept - slope * x) ** 2 for x, y in points)
    half = z * math.sqrt(residual / (n - 2) / sxx)
    low, high = slope - half, slope + half
else:
    slopes = sorted((b[1] - a[1]) / (b[0] - a[0]) for i, a in enumerate(points) for b in points[i + 1:] if a[0] != b[0])
    slope = statistics.median(slopes)
    intercept = statistics.median(y - slope * x for x, y in points)
    reach = z * math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    low = slopes[max(0, int((len(slopes) - reach) / 2))]
    high = slopes[min(len(slopes) - 1, int((len(slopes) + reach) / 2))]

def six(value):
    return float("%.6g" % value)

json.dump({"species": args.species, "method": args.method, "birds": n, "slope_g_per_mm": six(slope),
           "slope_low": six(low), "slope_high": six(high), "intercept_g": six(intercept),
           "confidence": args.confidence}, sys.stdout, indent=2)
print()
