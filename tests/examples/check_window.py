#!/usr/bin/env python3
"""The examples' windows, in C and, where it was built, in C++: the screen shows the frames with a
verdict on them or in the title, also after the window was resized; a minimised window costs
nothing and comes back; the programs end after the frames asked for, by Escape and by being closed;
the host reads ten floats of each frame in C, and the validation layer is silent.

    check_window.py RENDER_AND_CLASSIFY SOURCE_DIR
"""

import os
import re
import subprocess
import sys
import tempfile
import time

from virtual_screen import Hand, Screen, wait_for

SKIPPED = 77
CAPTION = {(120, 230, 130), (255, 120, 100)}  # right and wrong
BLACK = (0, 0, 0)


def skip(why):
    print("skipped:", why)
    sys.exit(SKIPPED)


class Program:
    """One of the two: its file, and what it does in its own way."""

    def __init__(self, file, source, cpp):
        self.cpp = cpp
        self.command = [
            file,
            os.path.join(source, "models", "resnet20-cifar10.safetensors"), "--validation"
        ]
        if not cpp:
            self.command.append("--window")


class Example:
    def __init__(self, program, screen, *arguments):
        self.program = program
        self.process = subprocess.Popen(
            [*program.command, *arguments], text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env={
                **os.environ, "DISPLAY": screen.name,
                "XDG_SESSION_TYPE": "x11"
            })

    def end(self):
        output, _ = self.process.communicate(timeout=60)
        print("\n".join(output.splitlines()[-2:]))
        # Without a driver there is nothing to test, unless one was promised.
        promised = "VRN_TEST_REQUIRE_DEVICE" in os.environ
        if "without GLFW" in output or (self.process.returncode != 0 and not promised):
            skip(output)
        assert self.process.returncode == 0, output
        found = re.search(r"(\d+) of (\d+) right", output)
        assert found and "\n0 messages of the validation layer" in output, output
        assert self.program.cpp or "; the host read 40 bytes a frame" in output, output
        return int(found.group(1)), int(found.group(2))

    def is_idle(self):
        """Whether it uses next to no processor time for half a second."""

        def ticks():
            with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
                return sum(int(field) for field in file.read().rpartition(")")[2].split()[11:13])

        before = ticks()
        time.sleep(0.5)
        return ticks() - before <= 1


def shows(program, screen, left, top, side):
    """Whether the square has a frame in it, up to its edges and no further, in C with a caption in
    its lowest ninth and nowhere else."""
    screen_rows = screen.pixels()
    rows = [row[left:left + side] for row in screen_rows[top:top + side]]
    caption = [y for y, row in enumerate(rows) if any(pixel in CAPTION for pixel in row)]
    picture = {pixel for row in rows[:side // 2] for pixel in row}
    edges = rows[side // 4][0], rows[side // 4][-1], rows[0][side // 2]
    outside = [(left - 1, top + side // 4), (left + side, top + side // 4),
               (left + side // 2, top - 1), (left + side // 2, top + side)]
    captioned = bool(caption and min(caption) > side * 0.88 and max(caption) > side * 0.95)
    return (captioned != program.cpp and len(picture) > 20 and BLACK not in edges
            and all(screen_rows[y][x] == BLACK for x, y in outside if x >= 0 and y >= 0))


def check_frames(program, screen):
    right, total = Example(program, screen, "--frames", "8").end()
    assert total == 32 and right * 2 > total, (right, total)


def check_resize(program, screen):
    """Wider than high and higher than wide: the black stripes are at other edges. Then minimised
    and back."""
    example, hand = Example(program, screen), Hand(screen.name)
    try:
        wait_for(lambda: shows(program, screen, 0, 0, 512), "a frame in the window")
        window = hand.window("VkResNet")
        if program.cpp:
            wait_for(lambda: re.match(r"VkResNet: [a-z]+ \d+ %$", hand.title(window)), "a verdict")
        for width, height in ((640, 400), (300, 600)):
            side = min(width, height)
            left, top = (width - side) // 2, (height - side) // 2
            hand.resize(window, width, height)
            wait_for(lambda: shows(program, screen, left, top, side),
                     f"a frame of {width} x {height}")
        hand.minimise(window)
        wait_for(example.is_idle, "a minimised window to do nothing")
        assert not shows(program, screen, left, top, side)
        hand.restore(window)
        wait_for(lambda: shows(program, screen, left, top, side), "a frame after minimising")
        hand.close(window)
        example.end()
    finally:
        example.process.kill()


def check_escape(program, screen):
    example, hand = Example(program, screen), Hand(screen.name)
    try:
        wait_for(lambda: shows(program, screen, 0, 0, 512), "a frame in the window")
        hand.press_escape(hand.window("VkResNet"))
        example.end()
    finally:
        example.process.kill()


def main():
    render, source = sys.argv[1:]
    if not Screen.exists():
        skip("no Xvfb")
    programs = [Program(render, source, False)]
    if os.path.exists(render + "_cpp"):
        programs.append(Program(render + "_cpp", source, True))
    with tempfile.TemporaryDirectory() as folder:
        screen = Screen(folder, 800, 640)
        try:
            for program in programs:
                check_frames(program, screen)
                check_resize(program, screen)
                check_escape(program, screen)
        finally:
            screen.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
