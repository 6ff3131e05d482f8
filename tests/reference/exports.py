#!/usr/bin/env python3
"""Compares networks of torchvision and one of CIFAR's in every form that PyTorch exports: a
dictionary of weights, a whole module, TorchScript (traced and scripted), and ONNX with batch norms
kept, folded and in halves. All are equal to PyTorch, and so to each other.

    exports.py --program VKRESNET [--layers N] [--models NAME...] [--size HxW]

--layers: blocks of each stage; those of the name without it. Needs torch and torchvision, and exits
with 77 where they are not installed.
"""

import argparse
import importlib.util
import os
import sys
import tempfile

import compare
import family

FORMS = ["weights.pth", "whole.pth", "traced.pt", "scripted.pt", "folded.onnx", "kept.onnx"]
HALF = "half.onnx"
NAMES = ["resnet18", "resnet50", "resnext50_32x4d", "wide_resnet50_2", "dilated", "cifar",
         "squeeze", "eca", "v2", "preact", "blur", "antialiased"]
OURS = {  # of resnet.py
    "squeeze": "block=bottleneck,layers=2:1,planes=16:24,attention=se,attention_width=4:6",
    "eca": "block=bottleneck,layers=2:1,planes=16:24,attention=eca,attention_width=3:5",
    "v2": "block=bottleneck,layers=2:1,planes=16:24,stem_planes=32,v2=1,final_norm=1,"
          "norm_eps=0.002",
    "preact": "layers=1:2,planes=16:24,stem=cifar,v2=1",
    "blur": "layers=1:2,planes=16:24,antialias=blur,blur_size=5",
    "antialiased": "block=bottleneck,layers=2:1,planes=16:24,antialias=blur,blur_size=4,"
                   "pool=max2_blur,shortcut=blur",
}
# What a file of weights does not say.
UNTOLD = {"dilated": "dilate=0:1:1", "v2": "norm_eps=0.002", "blur": "antialias=blur,blur_size=5"}


def build(name, layers):
    """A network of 10 classes."""
    from torchvision.models import resnet

    import resnet as ours
    from cifar import CifarResNet

    kinds = {
        "resnet18": (resnet.BasicBlock, [2, 2, 2, 2], {}),
        "resnet50": (resnet.Bottleneck, [3, 4, 6, 3], {}),
        "resnext50_32x4d": (resnet.Bottleneck, [3, 4, 6, 3],
                            {"groups": 32, "width_per_group": 4}),
        "wide_resnet50_2": (resnet.Bottleneck, [3, 4, 6, 3], {"width_per_group": 128}),
        "dilated": (resnet.Bottleneck, [3, 4, 6, 3],
                    {"replace_stride_with_dilation": [False, True, True]}),
    }
    if name in OURS:
        return ours.build(f"resnet,num_classes=10,{OURS[name]}")
    if name == "cifar":
        return CifarResNet(layers or 3)
    block, counts, keywords = kinds[name]
    return resnet.ResNet(block, [layers] * 4 if layers else counts, num_classes=10, **keywords)


def save(net, x, folder, form):
    import onnx_halves
    import references
    import torch

    path = os.path.join(folder, form)
    sizes = {"input_names": ["x"], "dynamic_axes": {"x": {0: "n"}}}
    if form == "weights.pth":
        torch.save(net.state_dict(), path)
    elif form == "whole.pth":
        torch.save(net, path)
    elif form == "traced.pt":
        references.save_script(net, x, path)
    elif form == "scripted.pt":
        torch.jit.save(torch.jit.script(net), path)
    elif form == "folded.onnx":
        torch.onnx.export(net, x, path, opset_version=13, **sizes)
    elif form == "kept.onnx":
        torch.onnx.export(net, x, path, opset_version=17, do_constant_folding=False,
                          training=torch.onnx.TrainingMode.PRESERVE, **sizes)
    else:
        onnx_halves.convert(os.path.join(folder, "kept.onnx"), path)


def compare_forms(program, folder, net, x, forms, arch=None):
    """`arch`: what the files do not say. Returns an exit status."""
    import references
    import torch

    with torch.no_grad():
        expected = net.double()(x.double()).float()
    net.float()
    for form in forms:
        save(net, x, folder, form)
    references.save_case(folder, arch, bool(arch), x, {"logits": expected}, forms)
    return compare.compare(program, [folder], [], family.TOLERANCES["fp32"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--layers", type=int)
    parser.add_argument("--models", nargs="+", default=NAMES, choices=NAMES)
    parser.add_argument("--size", default="64x64")
    chosen = parser.parse_args()
    missing = [name for name in ("torch", "torchvision") if not importlib.util.find_spec(name)]
    if missing:
        print(f"skipped: {sys.executable} has no {' and no '.join(missing)}")
        return compare.SKIPPED
    import references
    import torch

    height, width = map(int, chosen.size.split("x"))
    statuses = set()
    for name in chosen.models:
        torch.manual_seed(1)
        x = torch.randn(2, 3, *((32, 32) if name == "cifar" else (height, width)))
        net = references.randomise(build(name, chosen.layers).eval(), x)
        with tempfile.TemporaryDirectory() as work:
            folder = os.path.join(work, name)
            os.mkdir(folder)
            statuses.add(compare_forms(chosen.program, folder, net, x, FORMS[:1],
                                       UNTOLD.get(name)))
            # Code with names that are made up cannot be scripted.
            forms = [form for form in FORMS[1:] if hasattr(net, "inplanes") or name == "cifar" or
                     form != "scripted.pt"]
            statuses.add(compare_forms(chosen.program, folder, net, x, forms))
            # What is rounded to halves is compared with a network of such weights.
            for tensor in net.state_dict().values():
                if tensor.is_floating_point():
                    tensor.copy_(tensor.half().float())
            statuses.add(compare_forms(chosen.program, folder, net, x, [HALF]))
    return 1 if 1 in statuses else max(statuses)


if __name__ == "__main__":
    sys.exit(main())
