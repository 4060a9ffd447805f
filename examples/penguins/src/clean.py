#!/usr/bin/env python3
"""One field table in, one tidy table out: site, species, flipper length in mm, body mass in g.

Field tables differ: mass in g or kg (column mass_g or mass_kg), species in any letter case, missing values
empty or "NA". The scale's offset is subtracted. Rows with a missing or impossible value are left out and
counted on standard error.
"""
import argparse
import csv
import sys

parser = argparse.ArgumentParser()
parser.add_argument("--site", required=True)
parser.add_argument("--scale-offset", type=float, default=0.0, help="grams that the site's scale shows too much")
parser.add_argument("--max-mass", type=float, required=True, help="grams")
parser.add_argument("table")
args = parser.parse_args()

writer = csv.writer(sys.stdout, lineterminator="\n")
writer.writerow(["site", "bird", "species", "flipper_mm", "mass_g"])
kept = dropped = 0
with open(args.table, newline="") as table:
    for row in csv.DictReader(table):
        mass, factor = (row["mass_kg"], 1000.0) if "mass_kg" in row else (row["mass_g"], 1.0)
        flipper = row["flipper_mm"]
        if mass in ("", "NA") or flipper in ("", "NA"):
            dropped += 1
            continue
        grams = float(mass) * factor - args.scale_offset
        if not 0 < grams <= args.max_mass:
            dropped += 1
            continue
        writer.writerow([args.site, row["bird"], row["species"].strip().lower(), "%.0f" % float(flipper), "%.0f" % grams])
        kept += 1
print("%s: kept %d birds, dropped %d" % (args.site, kept, dropped), file=sys.stderr)
