#!/usr/bin/env python3
"""Draws the project's sample pictures: samples/ship.png, airplane.png and truck.png, for trying the
shipped model out.

    samples/draw_samples.py [--out samples]

Everything is drawn by this code alone, four times as large and then reduced, so that edges are
smooth. The pictures were never part of a training set. Needs NumPy and Pillow.
"""

import argparse
import os

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIZE = 256    # pixels a side
SCALE = 4     # drawn that many times as large
BIG = SIZE * SCALE


def gradient(stops):
    """A vertical gradient; stops are (y in 0..256, (r, g, b)) from the top down."""
    y = np.arange(BIG) / SCALE
    columns = [np.interp(y, [s[0] for s in stops], [s[1][c] for s in stops]) for c in range(3)]
    rows = np.stack(columns, 1)[:, None, :].repeat(BIG, 1)
    return Image.fromarray(rows.round().astype(np.uint8), "RGB")


class Canvas:
    """Drawing in coordinates of 0..256, turned about the centre by `degrees` (counter-clockwise).
    """

    def __init__(self, image, degrees=0.0):
        self.image = image
        self.turn = np.deg2rad(degrees)

    def place(self, points):
        p = np.asarray(points, float) - SIZE / 2
        c, s = np.cos(self.turn), np.sin(self.turn)
        p = np.stack([c * p[:, 0] + s * p[:, 1], -s * p[:, 0] + c * p[:, 1]], 1)
        return [tuple(q) for q in (p + SIZE / 2) * SCALE]

    def polygon(self, points, fill):
        ImageDraw.Draw(self.image).polygon(self.place(points), fill=fill)

    def curve(self, points, fill, steps=24):
        """A closed Catmull-Rom curve through the points."""
        p = np.asarray(points, float)
        t = np.linspace(0, 1, steps, endpoint=False)[:, None]
        out = []
        for i in range(len(p)):
            a, b, c, d = p[i - 1], p[i], p[(i + 1) % len(p)], p[(i + 2) % len(p)]
            out.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t ** 2
                              + (3 * b - a - 3 * c + d) * t ** 3))
        self.polygon(np.concatenate(out), fill)

    def ellipse(self, x, y, rx, ry, fill):
        t = np.linspace(0, 2 * np.pi, 96, endpoint=False)
        self.polygon(np.stack([x + rx * np.cos(t), y + ry * np.sin(t)], 1), fill)

    def box(self, x0, y0, x1, y1, fill):
        self.polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], fill)

    def line(self, x0, y0, x1, y1, width, fill):
        d = np.array([y0 - y1, x1 - x0], float)
        d *= width / 2 / np.hypot(*d)
        a, b = np.array([x0, y0]), np.array([x1, y1])
        self.polygon([a - d, a + d, b + d, b - d], fill)

    def soft(self, blobs, colour, blur, strength=1.0):
        """Blurred ellipses (x, y, rx, ry): clouds, smoke, shadows."""
        mask = Canvas(Image.new("L", self.image.size, 0))
        for x, y, rx, ry in blobs:
            mask.ellipse(x, y, rx, ry, round(255 * strength))
        mask = mask.image.filter(ImageFilter.GaussianBlur(blur * SCALE))
        self.image.paste(Image.new("RGB", self.image.size, colour), (0, 0), mask)


def ship():
    rng = np.random.default_rng(3)
    image = gradient([(0, (104, 160, 210)), (120, (206, 226, 236)), (146, (222, 232, 234)),
                      (146.3, (62, 112, 142)), (175, (40, 92, 130)), (256, (16, 52, 92))])
    c = Canvas(image)
    c.soft([(40, 60, 44, 8), (70, 52, 34, 10), (196, 84, 50, 7), (222, 76, 30, 9)], (250, 252, 253),
           5, 0.75)
    c.soft([(96, 50, 15, 7), (78, 42, 18, 8), (56, 36, 20, 8)], (120, 126, 134), 5, 0.55)   # smoke

    c.polygon([(22, 143), (236, 135), (214, 184), (38, 184)], (26, 38, 66))             # hull
    c.polygon([(33.5, 172), (219.5, 172), (214, 184), (38, 184)],
              (172, 42, 38))  # below the water line
    c.polygon([(33.2, 170.5), (220, 170.5), (219.4, 173), (33.7, 173)], (236, 238, 238))
    c.polygon([(22, 143), (236, 135), (234.6, 138.6), (23, 146.4)], (240, 242, 242))    # rail
    c.polygon([(46, 142), (50, 118), (176, 118), (190, 137)], (246, 246, 242))  # three white decks
    c.polygon([(58, 119), (61, 99), (160, 99), (170, 119)], (238, 240, 238))
    c.polygon([(128, 100), (129, 82), (150, 82), (157, 100)], (248, 248, 246))
    c.box(46, 117, 178, 119.5, (196, 204, 210))
    c.box(58, 98, 161, 100.5, (196, 204, 210))
    c.polygon([(131, 86), (150, 86), (153.5, 93), (131, 93)], (44, 66, 88))  # bridge windows
    for x in range(58, 172, 11):
        c.box(x, 124, x + 6, 131, (60, 84, 106))
    for x in range(68, 154, 11):
        c.box(x, 105, x + 6, 112, (60, 84, 106))
    for x in range(46, 208, 14):
        c.ellipse(x, 156, 2.6, 2.6, (170, 190, 204))
    for x in (78, 104):                                                                   # funnels
        c.polygon([(x, 100), (x + 3, 66), (x + 18, 66), (x + 18, 100)], (202, 56, 44))
        c.polygon([(x + 3, 66), (x + 18, 66), (x + 18, 74), (x + 2.3, 74)], (30, 32, 38))
        c.polygon([(x + 1.6, 82), (x + 18, 82), (x + 18, 87), (x + 1.2, 87)], (244, 244, 240))
    c.line(140, 84, 140, 48, 2, (88, 92, 98))
    c.line(131, 60, 149, 60, 1.6, (88, 92, 98))
    c.line(206, 137, 206, 98, 2, (88, 92, 98))
    c.line(206, 100, 228, 136, 0.9, (96, 100, 106))
    c.line(140, 50, 206, 99, 0.8, (120, 124, 130))

    c.soft([(128, 190, 96, 5)], (14, 40, 66), 3, 0.7)  # shadow on the water
    c.curve([(30, 187), (60, 181), (100, 184), (150, 181), (200, 184), (228, 179), (240, 187),
             (160, 190), (80, 190)], (226, 238, 242))  # foam
    c.curve([(40, 190), (100, 186.5), (160, 189), (226, 187), (160, 196), (90, 195)], (36, 88, 126))
    for _ in range(130):  # waves, larger when nearer
        y = 150 + 104 * rng.random() ** 0.8
        x, far = 256 * rng.random(), (y - 146) / 110
        if y < 194 and 22 < x < 236:
            continue
        w, h = 4 + 15 * far, 0.4 + 1.1 * far
        c.ellipse(x, y, w, h, (92, 142, 172) if rng.random() < 0.55 else (14, 44, 80))
    return image


def airplane():
    image = gradient([(0, (58, 118, 190)), (150, (132, 182, 226)), (256, (196, 220, 238))])
    c = Canvas(image)
    c.soft([(34, 214, 52, 11), (70, 202, 36, 13), (104, 216, 40, 9)], (250, 252, 254), 6, 0.85)
    c.soft([(206, 232, 56, 10), (232, 222, 34, 12)], (248, 250, 253), 6, 0.8)
    c.soft([(204, 40, 36, 5), (226, 34, 22, 6)], (236, 244, 250), 5, 0.55)

    c = Canvas(image, 9)
    grey, dark = (172, 180, 190), (112, 122, 136)
    c.polygon([(132, 118), (112, 84), (98, 78), (104, 118)], (150, 160, 172))             # far wing
    c.polygon([(48, 118), (28, 100), (20, 100), (30, 120)], (150, 160, 172))  # far tailplane
    c.polygon([(34, 120), (14, 72), (30, 70), (66, 112)], (34, 66, 130))                  # fin
    c.polygon([(24.5, 96), (19, 84), (39, 84), (49, 96)], (206, 56, 52))
    c.curve([(14, 118), (40, 112), (90, 109), (150, 108), (200, 109), (226, 114), (240, 125),
             (228, 134), (196, 139), (150, 141), (100, 140), (56, 133), (24, 124)],
            (244, 246, 248))  # fuselage
    c.curve([(22, 123), (60, 130), (110, 134), (160, 134), (210, 133), (237, 127), (228, 134),
             (196, 139), (150, 141), (100, 140), (56, 133)], (192, 200, 210))  # its lower side
    c.polygon([(24, 121), (236, 121.5), (239, 124.5), (26, 124)], (34, 66, 130))          # stripe
    c.polygon([(219, 113), (227, 115), (231.5, 119.5), (219, 119)], (40, 54, 76))         # cockpit
    for x in range(62, 212, 9):
        c.ellipse(x, 116.5, 1.9, 2.1, (62, 78, 104))
    c.curve([(134, 142), (140, 138), (164, 139), (168, 145), (162, 150), (140, 149)],
            dark)  # engines
    c.ellipse(166, 144.6, 2.4, 5, (60, 68, 80))
    c.polygon([(158, 133), (120, 133), (60, 186), (70, 190), (84, 186)], grey)  # near wing
    c.polygon([(120, 133), (128, 133), (66, 187), (60, 186)], dark)
    c.curve([(98, 166), (104, 161), (126, 162), (130, 167), (125, 172), (104, 171)],
            (132, 142, 156))
    c.ellipse(128.4, 166.8, 2.2, 4.6, (60, 68, 80))
    c.polygon([(58, 121), (38, 121), (10, 138), (14, 141), (24, 139)], grey)  # near tailplane
    return image


def truck():
    image = gradient([(0, (128, 182, 222)), (140, (216, 230, 238)), (150, (216, 230, 238)),
                      (150.3, (118, 148, 92)), (178, (98, 132, 78)), (186, (92, 122, 74)),
                      (186.3, (98, 98, 102)), (256, (120, 120, 124))])
    c = Canvas(image)
    c.soft([(46, 34, 40, 8), (74, 28, 26, 9), (204, 48, 34, 6)], (252, 253, 254), 5, 0.8)
    c.curve([(-20, 152), (20, 132), (70, 142), (120, 128), (180, 140), (230, 126), (280, 142),
             (280, 164), (-20, 164)], (104, 140, 108))  # hills
    for x in range(-10, 260, 54):
        c.polygon([(x, 236), (x + 30, 236), (x + 26, 241), (x - 5, 241)], (232, 230, 216))
    c.soft([(128, 212, 112, 6)], (48, 48, 54), 3, 0.85)                                   # shadow

    c.box(18, 184, 214, 196, (52, 54, 60))                                                # frame
    c.box(12, 68, 164, 184, (240, 240, 236))                                              # body
    c.box(12, 68, 164, 73, (206, 208, 208))
    c.box(12, 178, 164, 184, (176, 180, 184))
    c.box(12, 68, 15, 184, (206, 208, 208))
    for x in range(34, 160, 19):
        c.line(x, 74, x, 178, 0.8, (214, 216, 214))
    c.polygon([(12, 146), (164, 116), (164, 136), (12, 166)], (44, 92, 160))              # stripes
    c.polygon([(12, 170), (164, 140), (164, 145), (12, 175)], (226, 150, 44))
    red, shade = (204, 44, 40), (158, 30, 32)
    c.polygon([(172, 190), (172, 92), (178, 84), (216, 86), (226, 96), (238, 140), (244, 148),
               (244, 190)], red)  # cab
    c.polygon([(172, 172), (244, 172), (244, 190), (172, 190)], shade)
    c.polygon([(170, 84), (172, 66), (206, 76), (216, 86)], red)                          # spoiler
    c.polygon([(198, 98), (218, 98), (229, 136), (198, 136)], (58, 84, 108))  # side window
    c.polygon([(203, 98), (211, 98), (219, 136), (211, 136)], (104, 138, 164))
    c.polygon([(221, 98), (226, 98), (237, 138), (232, 138)], (40, 62, 84))  # windscreen's edge
    c.line(193, 96, 193, 178, 0.9, shade)
    c.box(198, 143, 206, 145.5, (90, 20, 24))
    c.box(236, 154, 244, 163, (252, 236, 176))                                            # lamp
    c.box(226, 184, 247, 194, (64, 66, 72))                                               # bumper
    c.box(90, 188, 134, 204, (132, 136, 142))                                             # tank
    for x in (44, 76, 210):
        c.ellipse(x, 196, 19, 19, (40, 40, 46))
        c.ellipse(x, 198, 16.5, 16.5, (20, 20, 24))
        c.ellipse(x, 198, 8.5, 8.5, (178, 182, 188))
        c.ellipse(x, 198, 3.4, 3.4, (92, 96, 102))
    return image


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--out", default="samples", help="folder for the pictures")
    args = parser.parse_args()
    os.makedirs(args.out, exist_ok=True)
    for draw in (ship, airplane, truck):
        picture = draw().resize((SIZE, SIZE), Image.Resampling.LANCZOS)
        picture.save(os.path.join(args.out, draw.__name__ + ".png"), optimize=True)


if __name__ == "__main__":
    main()
