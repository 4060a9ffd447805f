#!/usr/bin/env python3
"""Draws all birds and the fitted lines as one SVG: flipper length in mm across, body mass in g up."""
import argparse
import csv

COLOURS = {"adelie": "#0072b2", "chinstrap": "#d55e00", "gentoo": "#009e73"}
WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 720, 480, 70, 50, 20, 150

parser = argparse.ArgumentParser()
parser.add_argument("--models", required=True)
parser.add_argument("tables", nargs="+")
args = parser.parse_args()

birds = []
for name in args.tables:
    with open(name, newline="") as table:
        birds += [(r["species"], float(r["flipper_mm"]), float(r["mass_g"])) for r in csv.DictReader(table)]
with open(args.models, newline="") as table:
    models = list(csv.DictReader(table))

x0, x1 = min(b[1] for b in birds) - 3, max(b[1] for b in birds) + 3
y0, y1 = 500 * (min(b[2] for b in birds) // 500), 500 * (max(b[2] for b in birds) // 500 + 1)

def across(x):
    return LEFT + (x - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT)

def up(y):
    return HEIGHT - BOTTOM - (y - y0) / (y1 - y0) * (HEIGHT - BOTTOM - TOP)

out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">' % (WIDTH, HEIGHT),
       '<rect width="100%" height="100%" fill="white"/>']
for y in range(int(y0), int(y1) + 1, 500):
    out.append('<path d="M%d %.1fH%d" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%d</text>'
               % (LEFT, up(y), WIDTH - RIGHT, LEFT - 6, up(y) + 4, y))
for x in range(int(x0 // 10 + 1) * 10, int(x1) + 1, 10):
    out.append('<path d="M%.1f %dV%d" stroke="#ddd"/><text x="%.1f" y="%d" text-anchor="middle">%d</text>'
               % (across(x), TOP, HEIGHT - BOTTOM, across(x), HEIGHT - BOTTOM + 16, x))
for species, x, y in birds:
    out.append('<circle cx="%.1f" cy="%.1f" r="3" fill="%s" fill-opacity="0.6"/>' % (across(x), up(y), COLOURS[species]))
for m in models:
    xs = [x for s, x, _ in birds if s == m["species"]]
    ends = [(x, float(m["intercept_g"]) + float(m["slope_g_per_mm"]) * x) for x in (min(xs), max(xs))]
    dash = "" if m["method"] == "ols" else ' stroke-dasharray="6 4"'
    out.append('<path d="M%.1f %.1fL%.1f %.1f" stroke="%s" stroke-width="2" fill="none"%s/>'
               % (across(ends[0][0]), up(ends[0][1]), across(ends[1][0]), up(ends[1][1]), COLOURS[m["species"]], dash))
for row, species in enumerate(sorted(COLOURS)):
    y = TOP + 20 + 20 * row
    out.append('<circle cx="%d" cy="%d" r="5" fill="%s"/><text x="%d" y="%d">%s</text>'
               % (WIDTH - RIGHT + 20, y, COLOURS[species], WIDTH - RIGHT + 32, y + 4, species))
out.append('<text x="%d" y="%d">dashed: Theil-Sen</text>' % (WIDTH - RIGHT + 14, TOP + 90))
out.append('<text x="%d" y="%d" text-anchor="middle">flipper length, mm</text>' % ((LEFT + WIDTH - RIGHT) // 2, HEIGHT - 12))
out.append('<text transform="translate(18 %d) rotate(-90)" text-anchor="middle">body mass, g</text>' % ((HEIGHT - BOTTOM + TOP) // 2))
out.append("</svg>")
print("\n".join(out))
