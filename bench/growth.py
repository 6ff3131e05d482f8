#!/usr/bin/env python3
"""How the cost grows with the work: with the batch, with depth, with the number of layers.

    growth.py --program VKRESNET [--drivers NAME=ICD,...] [--rounds N] [--quick] [--json FILE]
              [--docs FILE]

Runs `vkresnet bench` in turns, each configuration once a round, with an empty cache directory and
none of the driver's caches, so that every compilation is a whole one. --quick: small networks and
one round, to see that the script works. --docs: a Markdown file whose section between "<!-- growth:
begin -->" and "<!-- growth: end -->" is written anew.
"""

import argparse
import dataclasses
import json
import os
import statistics
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

import report
from cell import NO_CACHES, cache_environment, driver_environment


@dataclasses.dataclass(frozen=True)
class Plan:
    """Which networks show what."""

    batch_model: str = "resnet50"
    batches: tuple = (1, 2, 4, 8, 16)
    size: str = "224x224"
    cifar: tuple = ("resnet20", "resnet110", "resnet1202")
    imagenet: tuple = ("resnet50", "resnet152")


QUICK = Plan("resnet18", (1, 2), "64x64", ("resnet20", "resnet56"), ("resnet18", "resnet34"))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--drivers", type=lambda text: text.split(","), default=["default="],
                        metavar="NAME=ICD,...")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--docs", metavar="FILE")
    return parser.parse_args()


def bench(program, icd, model, batch, size, repeats):
    """What `bench --json` says, with nothing in any cache."""
    with tempfile.TemporaryDirectory() as empty:
        done = subprocess.run(
            [program, "bench", "--json", "--model", model, "--random-weights", "1", "--batch",
             str(batch), "--size", size, "--repeats", str(repeats)],
            env={**os.environ, **driver_environment(icd), **NO_CACHES,
                 **cache_environment(empty)},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"bench of {model}, batch {batch}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def measure(program, icd, plan, rounds):
    """{(model, batch): [what bench said in each round]}"""
    wanted = [(plan.batch_model, batch, plan.size) for batch in plan.batches]
    wanted += [(model, 1, "32x32") for model in plan.cifar]
    wanted += [(model, 1, plan.size) for model in plan.imagenet]
    found = {}
    for _ in range(rounds):
        for model, batch, size in dict.fromkeys(wanted):
            # About as many images each: the larger the batch, the fewer runs.
            answer = bench(program, icd, model, batch, size, max(2, 8 // batch))
            found.setdefault((model, batch), []).append(answer)
    return found


def median(answers, key):
    return statistics.median(answer[key] for answer in answers)


def batch_table(found, plan):
    rows, first = [], None
    for batch in plan.batches:
        answers = found[plan.batch_model, batch]
        # The fastest run: a machine with other work is never faster than it is.
        each = min(answer["min_ms"] for answer in answers) / batch
        first = first or each
        rows.append([batch, f"{each * batch:.1f}", f"{each:.1f}", f"{each / first:.2f}",
                     f"{answers[0]['activation_bytes'] / 2**20:.1f}"])
    return report.table(["batch", "best, ms", "ms per image", "relative to batch 1",
                         "activations, MiB"], rows)


def compile_time(answers):
    """Until the network runs at its speed: some drivers compile when a kernel first runs."""
    return min(answer["compile_ms"] + answer["first_ms"] - answer["min_ms"] for answer in answers)


def depth_table(found, models):
    rows, first = [], None
    for model in models:
        answers = found[model, 1]
        compile_ms = compile_time(answers)
        first = first or compile_ms
        row = [model, answers[0]["dispatches"], f"{answers[0]['activation_bytes'] / 2**20:.3f}",
               f"{compile_ms:.0f}", f"{compile_ms / first:.2f}"]
        if all("host_us" in answer for answer in answers):
            row.append(f"{median(answers, 'host_us'):.0f}")
        rows.append(row)
    header = ["network", "dispatches", "activations, MiB", "compile, ms",
              "relative to the first row"]
    if rows and len(rows[0]) > len(header):
        header.append("host time of a replay, µs")
    return report.table(header, rows)


def text(driver, device, found, plan):
    return (f"**{driver}** ({device})\n\n{plan.batch_model}, {plan.size}, by batch:\n\n"
            f"{batch_table(found, plan)}\nBy depth, batch 1, CIFAR's networks at 32 x 32:\n\n"
            f"{depth_table(found, plan.cifar)}\nImageNet's at {plan.size}:\n\n"
            f"{depth_table(found, plan.imagenet)}\n")


def main():
    chosen = parse_arguments()
    plan, rounds = (QUICK, 1) if chosen.quick else (Plan(), chosen.rounds)
    parts, results = [], {}
    for name, icd in (driver.split("=", 1) for driver in chosen.drivers):
        found = measure(chosen.program, icd, plan, rounds)
        device = next(iter(found.values()))[0]["device"]
        parts.append(text(name, device, found, plan))
        results[name] = [answer for answers in found.values() for answer in answers]
    print("\n".join(parts))
    if chosen.json:
        with open(chosen.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)
            file.write("\n")
    if chosen.docs:
        report.replace_section(chosen.docs, "growth", "\n".join(parts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
