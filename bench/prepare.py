#!/usr/bin/env python3
"""Makes what all engines of bench/compare are given: one network, one input, and the right answer.

    prepare.py FOLDER ARCH HxW BATCH

Run by a Python that has torch and torchvision. Writes model.pth, model.onnx, model.pt
(TorchScript), input.f32, expected.f32 (PyTorch's logits in double precision, rounded) and
about.json.
"""

import json
import os
import sys

sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "reference"))

import torch
from torch import nn

import references


def count_flops(net, x):
    """Of one image: 2 for each multiply-add of convolutions, counted directly, and linear layers.
    """
    total = 0

    def count(module, inputs, output):
        nonlocal total
        weights = module.weight[0].numel() if isinstance(module, nn.Conv2d) else module.in_features
        total += 2 * weights * output[0].numel()

    hooks = [module.register_forward_hook(count) for module in net.modules()
             if isinstance(module, (nn.Conv2d, nn.Linear))]
    with torch.no_grad():
        net(x[:1])
    for hook in hooks:
        hook.remove()
    return total


def main():
    folder, arch, size, batch = sys.argv[1:]
    height, width = map(int, size.split("x"))
    net, x = references.make(arch, (int(batch), 3, height, width), 1)
    expected, error = references.expect(net, x)
    torch.save(net.state_dict(), os.path.join(folder, "model.pth"))
    torch.jit.trace(net, x).save(os.path.join(folder, "model.pt"))
    # The exporter of torch 1 and the classic one of torch 2: no further packages, static shapes.
    classic = {} if torch.__version__.startswith("1.") else {"dynamo": False}
    torch.onnx.export(net, x, os.path.join(folder, "model.onnx"), input_names=["input"],
                      output_names=["logits"], opset_version=13, **classic)
    x.numpy().tofile(os.path.join(folder, "input.f32"))
    expected["logits"].numpy().tofile(os.path.join(folder, "expected.f32"))
    about = {"arch": arch, "height": height, "width": width, "batch": int(batch),
             "gflop": count_flops(net, x) * 1e-9, "torch": torch.__version__, "torch_error": error}
    with open(os.path.join(folder, "about.json"), "w", encoding="utf-8") as file:
        json.dump(about, file)


if __name__ == "__main__":
    main()
