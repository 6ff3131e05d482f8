#!/usr/bin/env python3
"""Classifies the photos of a list in this process: what the other scripts have to agree with.

    alone.py LIST.txt OUTPUT.tsv [--model NAME|FILE]
"""

import argparse

import photos

parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("list")
parser.add_argument("output")
parser.add_argument("--model")
options = parser.parse_args()
photos.write(photos.classify(photos.read_list(options.list), options.model), options.output)
