#!/usr/bin/env python3
"""Joins the models (JSON files) to one CSV table, in the order given."""
import csv
import json
import sys

COLUMNS = ["species", "method", "birds", "slope_g_per_mm", "slope_low", "slope_high", "intercept_g", "confidence"]
writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
writer.writeheader()
for name in sys.argv[1:]:
    with open(name) as model:
        writer.writerow(json.load(model))
