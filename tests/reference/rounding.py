#!/usr/bin/env python3
"""Rounding errors compared with those of PyTorch's float32: every stage and the logits.

    rounding.py --program VKRESNET [--models ARCH...] [--bound 1.5] [--seeds N] [--drivers
    NAME=ICD...] [-- OPTION OF infer...]

The norms' running statistics are those of their own inputs, as in a trained network: other
statistics can make errors small beside large activations. The truth is PyTorch in double precision.
PyTorch's float32 is that of AVX2 on every machine: with AVX-512 it adds up in another order.
An error is the root of the mean square over the seeds, because single ones scatter. Exits with 1 if
an error is more than the bound times PyTorch's, with 77 without torch or a Vulkan device.
"""

import argparse
import math
import os
import sys
import tempfile

import compare
import family

WIDE = "resnet18,stem=cifar,planes=64:128:256:512"
MODELS = ["resnet18", "resnet50", "resnet56", WIDE]
SHAPES = {"imagenet": (1, 3, 224, 224), "cifar": (4, 3, 32, 32)}  # by the stem


def make(arch, shape, seed):
    """A network whose norms have the statistics of their own inputs, and an input."""
    import torch
    from torch import nn

    import resnet

    torch.manual_seed(seed)
    net = resnet.build(arch).eval()
    x = torch.randn(shape)

    def measure(norm, inputs):
        norm.running_mean.copy_(inputs[0].mean((0, 2, 3)))
        norm.running_var.copy_(inputs[0].var((0, 2, 3), unbiased=False))

    hooks = []
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, nn.BatchNorm2d):
                module.weight.uniform_(0.5, 1.5)
                module.bias.normal_(0, 0.1)
                hooks.append(module.register_forward_pre_hook(measure))
        net(x)
    for hook in hooks:
        hook.remove()
    return net, x


def relative_error(found, expected):
    return (found.double() - expected).norm().item() / expected.norm().item()


def measure(chosen, options, arch, seed):
    """{output: (our error, PyTorch's)} of one network."""
    import numpy
    import torch

    import references
    import resnet

    described = resnet.parse(arch)
    net, x = make(arch, SHAPES[described.stem], seed)
    with tempfile.TemporaryDirectory() as folder:
        model = os.path.join(folder, references.save_model(net, folder, "safetensors"))
        numpy.save(os.path.join(folder, "x.npy"), x.numpy())
        single = references.forward(net, x)
        exact = references.forward(net.double(), x.double())
        tell = arch if "," in arch or described.shortcut == "pad" else None
        paths = compare.infer(chosen.program, model, tell, os.path.join(folder, "x.npy"),
                              list(exact), options, folder)
        found = {name: torch.from_numpy(numpy.load(path)) for name, path in paths.items()}
    return {name: (relative_error(found[name], value), relative_error(single[name], value))
            for name, value in exact.items()}


def compare_model(chosen, options, arch):
    """Prints a line; returns whether all errors are within the bound."""
    errors = [measure(chosen, options, arch, seed) for seed in range(1, chosen.seeds + 1)]
    good, columns = True, []
    for name in errors[0]:
        ours, theirs = (math.sqrt(sum(e[name][i] ** 2 for e in errors) / len(errors))
                        for i in range(2))
        within = ours <= chosen.bound * theirs
        good = good and within
        columns.append(f"{name} {ours:.1e} {ours / theirs:.2f}{'' if within else ' (!)'}")
    print(f"{'ok  ' if good else 'FAIL'} {arch}: {', '.join(columns)}", flush=True)
    return good


def main():
    arguments, options = compare.split_options(sys.argv[1:])
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--models", nargs="+", default=MODELS, metavar="ARCH")
    parser.add_argument("--bound", type=float, default=1.5)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--drivers", nargs="+", default=[], metavar="NAME=ICD")
    chosen = parser.parse_args(arguments)
    os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX2")
    try:
        import references  # pylint: disable=unused-import
    except ImportError as error:
        print(f"skipped: {error}")
        return compare.SKIPPED
    status = 0
    for driver in chosen.drivers or [None]:
        if driver:
            print(f"on {family.use_driver(driver)}:")
        try:
            if not all([compare_model(chosen, options, arch) for arch in chosen.models]):
                status = 1
        except compare.NoDevice as error:
            print(f"skipped: {error}")
            return compare.SKIPPED
        except compare.Failure as error:
            print(f"FAIL {error}")
            return 1
    print(f"relative L2 errors, and their multiples of PyTorch's; at most {chosen.bound:g}")
    return status


if __name__ == "__main__":
    sys.exit(main())
