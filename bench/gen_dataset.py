#!/usr/bin/env python3
"""A folder as a laboratory has it, the same for the same seed; or its next day.

usage: gen_dataset.py make FOLDER FILES BYTES [SEED]     BYTES may end in k, m or g
       gen_dataset.py age FOLDER SEED                    changes it in place

Half of the files are program text, the rest JSON, tables, arrays of noisy signals (float64, float32, .npy), sequences and
images that do not compress. Sizes spread as in real folders; the data kinds are scaled until BYTES are reached. Some of
them are copies of earlier ones, some are copies with a few insertions.
A day: of the files 2 % overwritten in a run, 1 % appended to, 0.5 % with bytes put in front, 1 % removed, 1 % new,
1 % renamed, spread over all sizes.
"""
import array
import math
import os
import random
import sys

KINDS = [  # share, folder, ending, middle size, spread, scaled
    (0.50, "code", ".py", 2500, 0.9, False), (0.14, "meta", ".json", 900, 0.7, False),
    (0.12, "tables", ".csv", 60000, 1.5, True), (0.08, "signals", ".f64", 200000, 1.4, True),
    (0.04, "floats", ".f32", 120000, 1.4, True), (0.04, "arrays", ".npy", 200000, 1.5, True),
    (0.03, "reads", ".fastq", 400000, 1.3, True), (0.05, "images", ".png", 80000, 1.0, True)]
PERIOD = 1 << 16


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)
        wave = [3 * math.sin(i / 1400) + math.sin(i / 77) + 0.2 * math.sin(i * 5.9) + 20 for i in range(PERIOD)]
        self.wave = {"d": array.array("d", wave).tobytes() * 2, "f": array.array("f", wave).tobytes() * 2}
        letters = "abcdefghijklmnopqrstuvwxyz_"
        self.words = ["".join(self.random.choices(letters, k=self.random.randint(3, 10))) for _ in range(4000)]
        self.digits = bytes(48 + i % 10 for i in range(256))
        self.bases = bytes(b"ACGT"[i & 3] for i in range(256))
        self.quality = b"F" * 200 + b":" * 34 + b"," * 22

    def numbers(self, kind, size):
        """A smooth signal; the lower half of each mantissa is noise."""
        mask, width = ((b"\xff\xff\xff\x0f" + bytes(4), 8) if kind == "d" else (b"\xff\x07\x00\x00", 4))
        size = max(size // width, 1) * width
        parts = []
        while size > 0:
            start = self.random.randrange(PERIOD) * width
            n = min(size, PERIOD * width)
            noise = int.from_bytes(self.random.randbytes(n), "little") & int.from_bytes(mask * (n // width), "little")
            parts.append((int.from_bytes(self.wave[kind][start:start + n], "little") ^ noise).to_bytes(n, "little"))
            size -= n
        return b"".join(parts)

    def lines(self, row, holes, size):
        """Equal rows in which digits change where `holes` says."""
        count = max(size // len(row), 1)
        block = bytearray(row * count)
        for at in holes:
            block[at::len(row)] = self.random.randbytes(count).translate(self.digits)
        return block

    def program(self, size):
        out, length = ["#!/usr/bin/env python3\nimport os\nimport numpy as np\n"], 0
        while length < size:
            a, b, c = self.random.choices(self.words, k=3)
            out.append(f"\n\ndef {a}({b}, {c}=None):\n    total = np.sum({b}) * {self.random.randrange(1000)}\n"
                       f"    for row in {b}:\n        total += row.{c}\n    return total\n")
            length += len(out[-1])
        return "".join(out).encode()[:max(size, 40)]

    def document(self, size):
        rows = (f'  "{self.random.choice(self.words)}": {self.random.gauss(0, 10):.6f}' for _ in range(max(size // 26, 1)))
        return ("{\n" + ",\n".join(rows) + "\n}\n").encode()

    def table(self, size):
        day = f"2026-{self.random.randint(1, 12):02}-{self.random.randint(1, 28):02}"
        row = f"{day}T00:00:00.000,ST{self.random.randrange(40):03},+10.0000,1013.00,0.0000,0000000\n".encode()
        end = len(row)
        return b"time,station,temp,press,flow,count\n" + self.lines(row, [11, 12, 14, 15, 20] + [
            end - k for k in (2, 3, 10, 11, 12, 18, 19, 26, 27, 28)], size)

    def reads(self, size):
        out = []
        for i in range(max(size // 245, 1)):
            out += [b"@RUN:42:%d:%07d 1:N:0\n" % (i & 7, i), self.random.randbytes(100).translate(self.bases), b"\n+\n",
                    self.random.randbytes(100).translate(self.quality), b"\n"]
        return b"".join(out)

    def make(self, ending, size):
        if ending == ".npy":
            rows = max((size - 128) // 128, 1)
            head = "{'descr': '<f8', 'fortran_order': False, 'shape': (%d, 16), }" % rows
            return b"\x93NUMPY\x01\x00v\x00" + head.ljust(117).encode() + b"\n" + self.numbers("d", rows * 128)
        return {".py": self.program, ".json": self.document, ".csv": self.table, ".fastq": self.reads,
                ".f64": lambda n: self.numbers("d", n), ".f32": lambda n: self.numbers("f", n),
                ".png": lambda n: b"\x89PNG\r\n\x1a\n" + self.random.randbytes(n)}[ending](size)

    def with_insertions(self, data):
        cuts = [0] + sorted(self.random.randrange(len(data) + 1) for _ in range(3)) + [len(data)]
        parts = [data[a:b] for a, b in zip(cuts, cuts[1:])]
        return b"".join(part + self.random.randbytes(self.random.randrange(1, 4000)) for part in parts)


def make(folder, files, total, seed):
    maker = Maker(seed)
    chance = maker.random
    plan = []
    for _ in range(files):
        share, name, ending, middle, spread, scaled = chance.choices(KINDS, weights=[k[0] for k in KINDS])[0]
        plan.append([name, ending, middle * math.exp(chance.gauss(0, spread)), scaled])
    data = [item for item in plan if item[3]]
    for item in data[::500]:
        item[2] *= 30  # a few large ones
    fixed = sum(item[2] for item in plan if not item[3])
    small = total < fixed * 1.1
    factor = total / (fixed + sum(i[2] for i in data)) if small else (total - fixed) / max(sum(i[2] for i in data), 1)
    earlier = []
    for number, (name, ending, size, scaled) in enumerate(plan):
        size = max(64, int(size * factor if small or scaled else size))
        place = f"{folder}/{name}/run{number // 250:04}"
        os.makedirs(place, exist_ok=True)
        path = f"{place}/{name}_{number:06}{ending}"
        kind = chance.random() if scaled and earlier else 1
        if kind < 0.05:
            source = min(chance.choices(earlier, k=8), key=lambda e: abs(e[1] - size))[0]
            with open(source, "rb") as file:
                content = file.read()
            if kind < 0.02:
                content = maker.with_insertions(content)
        else:
            content = maker.make(ending, size)
            if scaled:
                earlier.append((path, len(content)))
        with open(path, "wb") as file:
            file.write(content)


def age(folder, seed):
    chance = random.Random(seed)
    files = sorted((os.path.getsize(p), p) for d, _, names in os.walk(folder) for p in (os.path.join(d, n) for n in names))
    left = list(range(len(files)))

    def some(share):
        """Every so-many-th of those that are left, from the smallest to the largest."""
        count = max(1, round(len(files) * share))
        step, start = len(left) / count, chance.random()
        taken = [left[int((start + i) * step) % len(left)] for i in range(count)]
        for index in set(taken):
            left.remove(index)
        return [files[index] for index in sorted(set(taken))]

    for size, path in some(0.02):
        with open(path, "r+b") as file:
            run = max(1, int(size * chance.uniform(0.001, 0.05)))
            file.seek(chance.randrange(max(1, size - run + 1)))
            file.write(chance.randbytes(run))
    for size, path in some(0.01):
        with open(path, "ab") as file:
            file.write(chance.randbytes(max(16, int(size * chance.uniform(0.001, 0.05)))))
    for _, path in some(0.005):
        with open(path, "r+b") as file:
            content = file.read()
            file.seek(0)
            file.write(chance.randbytes(chance.randint(1, 4096)) + content)
    for _, path in some(0.01):
        os.unlink(path)
    for index, (size, path) in enumerate(some(0.01)):
        with open(path, "rb") as file:
            content = file.read()
        fresh = size // 2 if index % 2 else size
        stem, ending = os.path.splitext(path)
        with open(f"{stem}_new{seed}{ending}", "wb") as file:
            file.write(chance.randbytes(fresh) + content[fresh:])
    for _, path in some(0.01):
        stem, ending = os.path.splitext(path)
        os.rename(path, f"{stem}_moved{seed}{ending}")


def main():
    if len(sys.argv) in (5, 6) and sys.argv[1] == "make":
        text = sys.argv[4].lower()
        unit = {"k": 10**3, "m": 10**6, "g": 10**9}.get(text[-1], 1)
        make(sys.argv[2], int(sys.argv[3]), int(text.rstrip("kmg")) * unit, int(sys.argv[5]) if len(sys.argv) == 6 else 1)
    elif len(sys.argv) == 4 and sys.argv[1] == "age":
        age(sys.argv[2], int(sys.argv[3]))
    else:
        sys.exit(__doc__.split("\n\n")[1])


main()
