#!/usr/bin/env python3
"""Writes one synthetic workflow for make, ninja and provrun into a folder each.

usage: gen_workflow.py SHAPE N FOLDER [--width W]
  chain    step i copies the file of step i-1
  fanout   every step copies the one source
  layers   layers of W steps (default 100); each joins two files of the layer before

FOLDER/make/Makefile, FOLDER/ninja/build.ninja, FOLDER/provrun/pipeline.yaml (every step written out) and
FOLDER/provrun-csv/pipeline.yaml (one step, `foreach` over steps.csv); each folder has its own sources.
FOLDER/middle names the output that the "one missing" case removes.
"""
import argparse
import os


def plan(shape, n, width):
    """(inputs, output) of each step in a topological order; paths."""
    out = ["out/%06d" % i for i in range(n)]
    if shape == "chain":
        return [([out[i - 1] if i else "src/000000"], out[i]) for i in range(n)]
    if shape == "fanout":
        return [(["src/000000"], out[i]) for i in range(n)]
    width = min(width, n)
    steps = []
    for i in range(n - n % width):
        layer, j = divmod(i, width)
        above = "src/%06d" if layer == 0 else "out/%06d"
        base = 0 if layer == 0 else (layer - 1) * width
        steps.append(([above % (base + j), above % (base + (j + 1) % width)], out[i]))
    return steps


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("shape", choices=["chain", "fanout", "layers"])
    parser.add_argument("n", type=int)
    parser.add_argument("folder")
    parser.add_argument("--width", type=int, default=100)
    args = parser.parse_args()

    steps = plan(args.shape, args.n, args.width)
    made = {output for _, output in steps}
    sources = sorted({p for inputs, _ in steps for p in inputs if p not in made})
    read = {p for inputs, _ in steps for p in inputs}
    last = [output for _, output in steps if output not in read]
    # Layers join two files, and would double in size with each layer: they keep the first 16 bytes.
    tool = "head -qc 16" if args.shape == "layers" else "cat"

    def open_in(system, name):
        folder = os.path.join(args.folder, system)
        for sub in ("src", "out"):
            os.makedirs(os.path.join(folder, sub), exist_ok=True)
        for source in sources:
            with open(os.path.join(folder, source), "w") as f:
                f.write("source %s\n" % source)
        return open(os.path.join(folder, name), "w")

    with open_in("make", "Makefile") as f:
        f.write("all: %s\n.PHONY: all\n" % " ".join(last))
        for inputs, output in steps:
            f.write("%s: %s\n\t%s %s > %s\n" % (output, " ".join(inputs), tool, " ".join(inputs), output))
    with open_in("ninja", "build.ninja") as f:
        f.write("rule step\n  command = %s $in > $out\n" % tool)
        for inputs, output in steps:
            f.write("build %s: step %s\n" % (output, " ".join(inputs)))
        f.write("build all: phony %s\ndefault all\n" % " ".join(last))
    with open_in("provrun", "pipeline.yaml") as f:
        f.write("provrun: 1\nname: %s-%d\nsteps:\n" % (args.shape, len(steps)))
        for inputs, output in steps:
            f.write("  s%s: {inputs: [%s], outputs: %s, run: \"%s {inputs} > {outputs}\"}\n"
                    % (output[4:], ", ".join(inputs), output, tool))
    columns = len(steps[0][0])
    names = ["from%d" % i for i in range(columns)]
    with open_in("provrun-csv", "pipeline.yaml") as f:
        f.write("provrun: 1\nname: %s-%d-csv\nsteps:\n  s:\n    foreach: {csv: steps.csv}\n" % (args.shape, len(steps)))
        f.write("    inputs: [%s]\n    outputs: \"out/{id}\"\n    run: %s {inputs} > {outputs}\n"
                % (", ".join('"{%s}"' % name for name in names), tool))
    with open(os.path.join(args.folder, "provrun-csv", "steps.csv"), "w") as f:
        f.write(",".join(["id"] + names) + "\n")
        for inputs, output in steps:
            f.write(",".join([output[4:]] + inputs) + "\n")
    with open(os.path.join(args.folder, "middle"), "w") as f:
        f.write((steps[-1] if args.shape == "chain" else steps[len(steps) // 2])[1] + "\n")


if __name__ == "__main__":
    main()
