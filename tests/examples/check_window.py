#!/usr/bin/env python3
"""The example's window: the screen shows the frames with a verdict on them, also after the window
was resized; it ends after the frames asked for, by Escape and by being closed; the host reads ten
floats of each frame, and the validation layer is silent.

    check_window.py RENDER_AND_CLASSIFY SOURCE_DIR
"""

import os
import re
import subprocess
import sys
import tempfile

from virtual_screen import Hand, Screen, wait_for

SKIPPED = 77
CAPTION = {(120, 230, 130), (255, 120, 100)}  # right and wrong
BLACK = (0, 0, 0)


def skip(why):
    print("skipped:", why)
    sys.exit(SKIPPED)


class Example:
    def __init__(self, render, source, screen, *arguments):
        model = os.path.join(source, "models", "resnet20-cifar10.safetensors")
        self.process = subprocess.Popen(
            [render, model, "--window", "--validation", *arguments], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, "DISPLAY": screen.name, "XDG_SESSION_TYPE": "x11"})

    def end(self):
        output, _ = self.process.communicate(timeout=60)
        print("\n".join(output.splitlines()[-2:]))
        # Without a driver there is nothing to test, unless one was promised.
        promised = "VRN_TEST_REQUIRE_DEVICE" in os.environ
        if "without GLFW" in output or (self.process.returncode != 0 and not promised):
            skip(output)
        assert self.process.returncode == 0, output
        found = re.search(r"(\d+) of (\d+) right; the host read (\d+) bytes a frame", output)
        assert found and "\n0 messages of the validation layer" in output, output
        right, total, read = (int(number) for number in found.groups())
        assert read == 10 * 4, output
        return right, total


def shows(screen, left, top, side):
    """Whether the square has a frame in it, up to its edges and no further, with a caption in its
    lowest ninth and nowhere else."""
    screen_rows = screen.pixels()
    rows = [row[left:left + side] for row in screen_rows[top:top + side]]
    caption = [y for y, row in enumerate(rows) if any(pixel in CAPTION for pixel in row)]
    picture = {pixel for row in rows[:side // 2] for pixel in row}
    edges = rows[side // 4][0], rows[side // 4][-1], rows[0][side // 2]
    outside = [(left - 1, top + side // 4), (left + side, top + side // 4),
               (left + side // 2, top - 1), (left + side // 2, top + side)]
    return (caption and min(caption) > side * 0.88 and max(caption) > side * 0.95
            and len(picture) > 20 and BLACK not in edges
            and all(screen_rows[y][x] == BLACK for x, y in outside if x >= 0 and y >= 0))


def check_frames(render, source, screen):
    right, total = Example(render, source, screen, "--frames", "8").end()
    assert total == 32 and right * 2 > total, (right, total)


def check_resize(render, source, screen):
    """Wider than high and higher than wide: the black stripes are at other edges."""
    example, hand = Example(render, source, screen), Hand(screen.name)
    try:
        wait_for(lambda: shows(screen, 0, 0, 512), "a frame in the window")
        window = hand.window("VkResNet")
        for width, height in ((640, 400), (300, 600)):
            side = min(width, height)
            left, top = (width - side) // 2, (height - side) // 2
            hand.resize(window, width, height)
            wait_for(lambda: shows(screen, left, top, side), f"a frame of {width} x {height}")
        hand.close(window)
        example.end()
    finally:
        example.process.kill()


def check_escape(render, source, screen):
    example, hand = Example(render, source, screen), Hand(screen.name)
    try:
        wait_for(lambda: shows(screen, 0, 0, 512), "a frame in the window")
        hand.press_escape(hand.window("VkResNet"))
        example.end()
    finally:
        example.process.kill()


def main():
    render, source = sys.argv[1:]
    if not Screen.exists():
        skip("no Xvfb")
    with tempfile.TemporaryDirectory() as folder:
        screen = Screen(folder, 800, 640)
        try:
            check_frames(render, source, screen)
            check_resize(render, source, screen)
            check_escape(render, source, screen)
        finally:
            screen.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
