#!/usr/bin/env python3
"""One self-contained HTML page: the table of models and the figure."""
import argparse
import csv
import html

parser = argparse.ArgumentParser()
parser.add_argument("--models", required=True)
parser.add_argument("--figure", required=True)
args = parser.parse_args()

with open(args.models, newline="") as table:
    rows = list(csv.reader(table))
with open(args.figure) as figure:
    drawing = figure.read()

def line(cells, tag):
    return "<tr>" + "".join("<%s>%s</%s>" % (tag, html.escape(c), tag) for c in cells) + "</tr>"

print("""<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Body mass and flipper length</title>
<style>body{font-family:sans-serif;max-width:50em;margin:2em auto}td,th{padding:.2em .8em;text-align:left}</style></head>
<body>
<h1>Body mass and flipper length</h1>
<p>One straight line per species and method. The measurements are made up.</p>
<table>
%s
%s
</table>
%s
</body>
</html>""" % (line(rows[0], "th"), "\n".join(line(r, "td") for r in rows[1:]), drawing.rstrip("\n")))
