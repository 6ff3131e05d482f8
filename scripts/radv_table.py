#!/usr/bin/env python3
"""What Mesa's compiler makes of the GPU kernels, for AMD GPUs that need not be there, as Markdown.

    radv_table.py PROGRAM [--icd FILE] [--family NAME]... [--arch NAME] [--shape TEXT]... [--kernel
    PREFIX]
                  [--precision fp32|fp16|int8]

PROGRAM is vkresnet. Families that this Mesa does not know are left out, with a line on standard
error.
"""

import argparse
import json
import os
import re
import subprocess
import sys

COLUMNS = [
    ("VGPRs", "registers"),
    ("SGPRs", "scalar_registers"),
    ("spills", "spills"),
    ("LDS", "shared_bytes"),
    ("subgroups / SIMD", "occupancy"),
    ("code", "code_bytes"),
    ("latency", "latency"),
    ("inverse throughput", "inverse_throughput"),
]
# Mesa estimates a loop whose length it cannot see as eight rounds; a multiply-add of a subgroup of
# 64 takes four cycles on GCN and two on RDNA.
ROUNDS = 8
CYCLES = {"vega10": 4}


def shape(entry):
    channels, height, width = entry["in"]
    text = f"{channels}x{height}x{width} to {entry['out'][0]}"
    if entry["op"] == "conv":
        text += f", {entry['window'][0]}x{entry['window'][1]}/{entry['stride'][0]}"
        if entry["groups"] > 1:
            text += f" g{entry['groups']}"
    return text


def fma_share(entry, family):
    """The multiply-adds of the inner loop over the estimated inverse throughput; None for other
    kernels."""
    tile = re.search(r"_(\d+)x(\d+)(?:x(\d+))?$", entry["kernel"])
    if entry["module"] != "conv_tile" or not tile or not entry["inverse_throughput"]:
        return None
    m, n, k = int(tile[1]), int(tile[2]), int(tile[3] or 16)
    multiply_adds = m * n * k / entry["invocations"] * ROUNDS
    cycles = CYCLES.get(family, 2) * entry["subgroup_size"] / 64
    return multiply_adds * cycles / entry["inverse_throughput"]


def survey(options, family):
    environment = dict(os.environ, RADV_FORCE_FAMILY=family, VK_DRIVER_FILES=options.icd,
                       VK_ICD_FILENAMES=options.icd)
    command = [options.program, "info", "--kernels", "--json", "--arch", options.arch,
               "--precision", options.precision]
    if options.kernel:
        command += ["--kernel", options.kernel]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        reason = done.stderr.strip().splitlines()
        print(f"{family}: {reason[-1] if reason else done.returncode}: left out", file=sys.stderr)
        return None
    return json.loads(done.stdout)


def print_table(options, family, answer):
    print(f"\n{answer['device']}, {answer['driver']}:\n")
    titles = ["shape", "kernel", *(title for title, _ in COLUMNS), "FMA share"]
    print("| " + " | ".join(titles) + " |")
    print("|---|---|" + "---:|" * (len(titles) - 2))
    printed = set()
    for entry in answer["kernels"]:
        name = entry["kernel"]
        if entry["passes"] > 1:
            name += f", {entry['pass'] + 1} of {entry['passes']}"
        # A shape comes again with another epilogue: the first will do.
        if options.shape and shape(entry) not in options.shape or (shape(entry), name) in printed:
            continue
        printed.add((shape(entry), name))
        cells = [shape(entry), name]
        cells += ["" if entry[key] is None else f"{entry[key]:.0f}" for _, key in COLUMNS]
        share = fma_share(entry, family)
        cells.append("" if share is None else f"{100 * share:.0f} %")
        print("| " + " | ".join(cells) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--icd", default="/usr/share/vulkan/icd.d/radeon_icd.x86_64.json")
    parser.add_argument("--family", action="append")
    parser.add_argument("--arch", default="resnet50")
    parser.add_argument("--shape", action="append", help="as the table writes it; repeatable")
    parser.add_argument("--kernel",
                        help="every kernel whose name begins so, instead of the chosen ones")
    parser.add_argument("--precision", default="fp32")
    options = parser.parse_args()
    if not os.path.isfile(options.icd):
        print(f"{options.icd}: no such file: RADV is not installed", file=sys.stderr)
        return 77
    tables = 0
    for family in options.family or ["vega10", "navi21", "navi31", "gfx1201"]:
        answer = survey(options, family)
        if answer:
            print_table(options, family, answer)
            tables += 1
    return 0 if tables else 1


if __name__ == "__main__":
    sys.exit(main())
