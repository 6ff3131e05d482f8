#!/usr/bin/env python3
"""Draws a folder of small photos of bolts, nuts and washers on a bench, a folder for each kind, for
trying out `vkresnet fit` where no photos are at hand (docs/own-classes.md).

    samples/draw_parts.py FOLDER [--each 12] [--seed 1]

Needs Python's standard library alone. The same seed gives the same pictures.
"""

import argparse
import math
import os
import random
import struct
import zlib

SIDE = 64
SAMPLES = ((0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75))  # of each pixel


def hexagon(x, y):
    return max(abs(x), abs(x) / 2 + abs(y) * math.sqrt(3) / 2)


def bolt(x, y):
    head = abs(x + 0.7) < 0.24 and abs(y) < 0.5
    return head or (-0.5 < x < 0.95 and abs(y) < (0.2 if int((x + 2) * 12) % 2 else 0.25))


def nut(x, y):
    return hexagon(x, y) < 0.8 and math.hypot(x, y) > 0.4


def washer(x, y):
    return 0.45 < math.hypot(x, y) < 0.8


KINDS = {"bolt": bolt, "nut": nut, "washer": washer}


def draw(inside, chance):
    """The pixels of a part that lies somewhere, turned somehow, on a bench of some colour."""
    turn, size = chance.uniform(0, 2 * math.pi), chance.uniform(0.55, 0.8)
    left, top = chance.uniform(-0.15, 0.15), chance.uniform(-0.15, 0.15)
    bench = [chance.randint(90, 200), chance.randint(70, 150), chance.randint(40, 120)]
    steel = chance.randint(190, 240) if sum(bench) < 330 else chance.randint(30, 80)
    cosine, sine = math.cos(turn) / size, math.sin(turn) / size
    pixels = bytearray()
    for row in range(SIDE):
        for column in range(SIDE):
            covered = 0
            for dx, dy in SAMPLES:
                x = (column + dx) / SIDE * 2 - 1 - left
                y = (row + dy) / SIDE * 2 - 1 - top
                covered += inside(cosine * x + sine * y, cosine * y - sine * x)
            part = covered / len(SAMPLES)
            noise = chance.randint(-9, 9)
            for channel in bench:
                value = part * steel + (1 - part) * channel + noise
                pixels.append(min(max(int(value), 0), 255))
    return pixels


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def write_png(path, pixels):
    rows = b"".join(b"\0" + pixels[i:i + 3 * SIDE] for i in range(0, len(pixels), 3 * SIDE))
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n"
                   + chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0))
                   + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--each", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    for kind, inside in KINDS.items():
        folder = os.path.join(arguments.folder, kind)
        os.makedirs(folder, exist_ok=True)
        for i in range(1, arguments.each + 1):
            chance = random.Random(f"{arguments.seed} {kind} {i}")
            write_png(os.path.join(folder, f"{kind}-{i:02}.png"), draw(inside, chance))


if __name__ == "__main__":
    main()
