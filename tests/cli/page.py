"""Reads the pages that the program writes: the data in them, and with a browser what they show."""

import html.parser
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

TEMPLATE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data", "page.html")
VOID = {"meta", "br", "img"}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class Page(html.parser.HTMLParser):
    """Checks that elements nest; keeps tags, texts, addresses and the scripts."""

    def __init__(self, content):
        super().__init__()
        self.open, self.tags, self.texts = [], [], []
        self.scripts, self.addresses, self.pictures = [], [], []
        self.feed(content)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            assert not name.startswith("on"), name
            if name in ("src", "href", "srcset", "data", "action", "xlink:href"):
                self.addresses.append(value)
            if name == "alt":
                self.pictures.append(value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, (tag, self.open, self.getpos())

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)
        elif self.open and self.open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self):
        return "".join(self.texts)


def read(path):
    """The data of a page, which has to be the template with JSON in its place, and to be self-
    contained."""
    with open(path, encoding="utf-8") as file:
        content = file.read()
    with open(TEMPLATE, encoding="utf-8") as file:
        before, after = file.read().split("@DATA@")
    assert content.startswith(before) and content.endswith(after)
    data = content[len(before):-len(after)]
    assert "<" not in data
    page = Page(content)
    assert page.scripts[0] == data and len(page.scripts) == 2
    assert page.addresses == [] and "img" not in page.tags
    assert not re.search(r"https?:|url\(|@import|<link|fetch\(|import\(", before + after)
    return json.loads(data)


def render(path):
    """The page as a browser shows it; skips the test where there is none."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not browser:
        raise unittest.SkipTest("no Chromium")
    with tempfile.TemporaryDirectory(prefix="vkresnet-browser-") as home:
        done = subprocess.run([
            browser, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=" + home,
            "--dump-dom", "file://" + path
        ], capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)
    if done.returncode != 0 or "<html" not in done.stdout:
        raise unittest.SkipTest("Chromium does not run here")
    shown = done.stdout.split("<template")[0]  # the data and the script follow
    return shown[shown.index("<main>"):]
