#!/usr/bin/env python3
"""Tests the hub by way of the program: test_hub.py PROGRAM REFERENCE DOWNLOADS

REFERENCE is the folder of checkpoints that torch.save has written, DOWNLOADS 1 where the build can
download. No device is needed, and no network: the server runs here.
"""

import os
import sys
import unittest

import base
import program


def main():
    program.PROGRAM, base.REFERENCE = map(os.path.abspath, sys.argv[1:3])
    downloads = sys.argv[3]
    import check_lookup
    parts = [check_lookup.Registry, check_lookup.Places, check_lookup.Model]
    if downloads == "1":
        import check_download as d
        parts += [
            check_lookup.Hashes, d.Downloads, d.Interruptions, d.Refusals, d.Processes,
            d.Certificates
        ]
    suite = unittest.TestSuite(map(unittest.defaultTestLoader.loadTestsFromTestCase, parts))
    return 0 if unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
