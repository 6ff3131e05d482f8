#!/usr/bin/env python3
"""Writes the small cases of tests/data/reference with PyTorch; needs torch and torchvision.

    make_references.py [FOLDER [NAME..]]

The values of a case follow from its name and seed, up to the last digit or two, in which versions
of PyTorch and processors differ.
"""

import os
import re
import shutil
import sys

import references
import resnet

# name: (architecture, whether a file cannot tell it, input shape, form of the file)
CASES = {
    "basic": ("resnet,layers=2:1:1:1,planes=8:8:8:12,num_classes=10", False, (1, 3, 48, 40), "zip"),
    # Channels that are no multiples of four, sides that are no multiples of anything.
    "odd": ("resnet,layers=1:1:1:1,planes=5:6:7:9,num_classes=3", False, (3, 3, 37, 29), "legacy"),
    "bottleneck": ("resnet,block=bottleneck,layers=1:2:1:1,planes=4:4:6:8,num_classes=11", False,
                   (1, 3, 35, 45), "safetensors"),
    "v1": ("resnet,block=bottleneck,layers=2:1:1:1,planes=4:4:6:8,num_classes=6,v1=1", True,
           (1, 3, 33, 29), "zip"),
    "groups": ("resnet,block=bottleneck,layers=1:1:2:1,planes=8:8:8:4,num_classes=9,groups=4,"
               "width_per_group=24", False, (1, 3, 29, 27), "legacy"),
    "wide": (
        "resnet,block=bottleneck,layers=1:1:1:1,planes=3:4:5:6,num_classes=4,width_per_group=128",
        False, (1, 3, 31, 43), "safetensors"),
    "dilated": ("resnet,block=bottleneck,layers=1:1:2:1,planes=4:4:4:6,num_classes=5,dilate=0:1:1",
                True, (1, 3, 49, 41), "zip"),
    "group-norm": ("resnet,layers=1:1:1:1,planes=6:6:9:12,num_classes=8,norm=group,norm_groups=3",
                   True, (2, 3, 33, 25), "zip"),
    "frozen-norm": ("resnet,layers=1:1:1:1,planes=4:8:8:12,num_classes=7,norm=frozen", False,
                    (1, 3, 36, 52), "legacy"),
    "cifar-pad": ("resnet,layers=2:1:2,planes=5:8:11,num_classes=10,stem=cifar,shortcut=pad", True,
                  (3, 3, 17, 14), "safetensors"),
    "cifar-projection": ("resnet,layers=1:2:1,planes=7:8:10,num_classes=10,stem=cifar", False,
                         (3, 3, 13, 15), "legacy"),
    "cifar-bottleneck": (
        "resnet,block=bottleneck,layers=1:1:2,planes=4:5:6,num_classes=10,stem=cifar", False,
        (1, 3, 15, 16), "zip"),
    # One image at a time, the smallest that there is.
    "pixel": ("resnet,layers=1:1:1:1,planes=4:4:8:8,num_classes=5", False, (2, 3, 1, 1), "zip"),
    # ResNet-D. Odd sides: the last windows of the shortcuts' means reach over the edge.
    "deep": ("resnet,block=bottleneck,layers=1:1:1,planes=4:4:5,num_classes=6,stem=deep,"
             "stem_planes=8,stem_width=6,shortcut=mean", False, (2, 3, 35, 46), "zip"),
    "antialias": ("resnet,block=bottleneck,layers=1:1:1,planes=4:4:5,num_classes=6,antialias=mean",
                  True, (1, 3, 64, 32), "safetensors"),
    "caffe": ("resnet,block=bottleneck,layers=1:1,planes=4:6,num_classes=6,v1=1,pool=caffe", True,
              (1, 3, 31, 42), "zip"),
    "standardized": ("resnet,layers=1:1:1,planes=6:9:12,num_classes=8,norm=group,norm_groups=3,"
                     "standardize=deviation,activation=silu", True, (1, 3, 33, 25), "legacy"),
    "standardized-variance": ("resnet,layers=1:1,planes=6:9,num_classes=4,standardize=variance,"
                              "activation=leaky_relu,negative_slope=0.2", True, (1, 3, 30, 25),
                              "zip"),
    "relu6": ("resnet,layers=1:1,planes=6:9,num_classes=4,activation=relu6,pool=none,"
              "stem_stride=1", True, (1, 3, 12, 9), "zip"),
    "grey": ("resnet,layers=1:1,planes=5:8,num_classes=4,in_channels=1,stem_kernel=5,"
             "stem_planes=6", False, (2, 1, 29, 23), "zip"),
    "nine-channels": ("resnet,layers=1,planes=5,num_classes=4,in_channels=9,stem=cifar", False,
                      (1, 9, 11, 8), "safetensors"),
    "strides": ("resnet,block=bottleneck,layers=1:2:1,planes=4:4:6,num_classes=5,strides=1:2:1,"
                "dilations=1:1:2", True, (1, 3, 41, 38), "zip"),
    # A whole module and TorchScript say what a file of tensors cannot.
    "whole": ("resnet,block=bottleneck,layers=1:2:1,planes=4:4:5,num_classes=5,v1=1,pool=caffe,"
              "strides=1:2:1,dilations=1:1:2,activation=leaky_relu,norm_eps=0.002", False,
              (1, 3, 41, 38), "whole"),
    "script": ("resnet,layers=1:1:1:1,planes=4:5:6:6,num_classes=5,stem=cifar,norm=group,"
               "norm_groups=1,activation=silu", False, (1, 3, 19, 18), "script"),
    "mlp": ("resnet,layers=1:1,planes=5:8,num_classes=4,stem=cifar,pool=max,shortcut=pad_end,"
            "head=mlp,head_width=7", True, (3, 3, 19, 16), "zip"),
    # Squeeze and excitation, of which a file says all; channels that are no multiples of four.
    "squeeze": ("resnet,block=bottleneck,layers=1:2,planes=4:5,num_classes=6,attention=se,"
                "attention_width=6:3", False, (2, 3, 27, 34), "zip"),
    "squeeze-basic": ("resnet,layers=1:1:1,planes=5:8:8,num_classes=6,stem=cifar,shortcut=pad,"
                      "attention=se,attention_width=2:3:9", True, (3, 3, 15, 16), "legacy"),
    "eca": ("resnet,block=bottleneck,layers=1:1,planes=4:7,num_classes=6,attention=eca,"
            "attention_width=3:5", False, (3, 3, 26, 31), "safetensors"),
    # timm's seresnext26t, and resnetrs.
    "tiered": ("resnet,layers=1:1,planes=8:8,num_classes=6,stem=deep,stem_width=5,stem_width2=7,"
               "pool=conv,shortcut=mean,attention=se,attention_width=4:4", False, (2, 3, 33, 28),
               "zip"),
    # timm's resnetblur, of which a file says nothing, and antialiased-cnns with its filters.
    "blur": ("resnet,block=bottleneck,layers=1:1,planes=4:5,num_classes=6,antialias=blur", True,
             (2, 3, 37, 30), "zip"),
    "antialiased": ("resnet,layers=1:1,planes=5:6,num_classes=6,antialias=blur,blur_size=4,"
                    "pool=max2_blur,shortcut=blur", False, (2, 3, 34, 39), "legacy"),
    # kuangliu's pre-activation networks, and those of He et al. 2016 with a norm at the end.
    "v2": ("resnet,layers=2:1:1,planes=5:8:9,num_classes=6,stem=cifar,v2=1", False, (3, 3, 15, 18),
           "zip"),
    "v2-bottleneck": ("resnet,block=bottleneck,layers=2:1,planes=4:5,num_classes=6,v2=1,"
                      "final_norm=1,attention=eca,attention_width=3:3", False, (2, 3, 35, 29),
                      "safetensors"),
    # timm's ResNetV2
    "v2-group-norm": ("resnet,block=bottleneck,layers=1:1,planes=4:6,stem_planes=8,num_classes=6,"
                      "norm=group,norm_groups=2,standardize=variance,v2=1,final_norm=1", True,
                      (1, 3, 39, 26), "legacy"),
    # BiT, whose pool counts zeros around what no activation has made positive; and resnetv2_50d.
    "bit": ("resnet,block=bottleneck,layers=2:1,planes=4:8,stem_planes=8,num_classes=6,norm=group,"
            "norm_groups=4,pool=max_zeros,standardize=bit,v2=1,final_norm=1", True, (2, 3, 33, 42),
            "zip"),
    "v2-deep": ("resnet,block=bottleneck,layers=1:1,planes=4:5,stem=deep,stem_planes=7,"
                "stem_width=5,stem_width2=6,num_classes=6,shortcut=mean,v2=1,final_norm=1", False,
                (2, 3, 37, 42), "zip"),
}

# The same weights under other people's names: patterns of names and what they become; layers of
# attention may be linear instead of convolutions.
OTHERS = {
    "squeeze": (r"se\.fc1\.", "se.fc.0.", r"se\.fc2\.", "se.fc.2."),
    "squeeze-basic": (r"se\.fc1\.", "se_layer.conv1.conv.", r"se\.fc2\.", "se_layer.conv2.conv."),
    "eca": (r"se\.conv\.", "eca.conv."),
    "antialiased": (r"(layer2\.0\.conv2)\.", r"\1.1.", r"layer2\.0\.aa\.",
                    "layer2.0.conv2.0."),
    "v2": (r"downsample\.", "shortcut.", r"fc\.", "linear."),
    "v2-bottleneck": (r"norm\.", "bn."),
    "v2-group-norm": (r"^conv1\.", "stem.conv.", r"^layer1\.", "stages.0.blocks.", r"^layer2\.",
                      "stages.1.blocks.", r"bn(\d)\.", r"norm\1.", r"downsample\.0\.",
                      "downsample.conv.", r"^fc\.", "head.fc."),
    "tiered": (r"se\.", "se_module."),
    "bit": (r"^conv1\.", "stem.conv.", r"^layer(\d)\.", lambda m: f"stages.{int(m[1]) - 1}.blocks.",
            r"bn(\d)\.", r"norm\1.", r"downsample\.0\.", "downsample.conv.", r"^fc\.", "head.fc."),
    "v2-deep": (r"^conv1\.0\.", "stem.conv1.", r"^conv1\.1\.", "stem.norm1.", r"^conv1\.3\.",
                "stem.conv2.", r"^conv1\.4\.", "stem.norm2.", r"^conv1\.6\.", "stem.conv3.",
                r"^layer(\d)\.", lambda m: f"stages.{int(m[1]) - 1}.blocks.", r"bn(\d)\.",
                r"norm\1.", r"downsample\.1\.", "downsample.conv.", r"^fc\.", "head.fc."),
}


def save_other(net, case, rules):
    weights = net.state_dict()
    for pattern, replacement in zip(rules[::2], rules[1::2]):
        weights = {re.sub(pattern, replacement, name): value for name, value in weights.items()}
    weights = {name: value.flatten(1) if re.search(r"se\.fc\.\d\.weight", name) else value
               for name, value in weights.items()}
    if "head.fc.weight" in weights:
        weights["head.fc.weight"] = weights["head.fc.weight"][..., None, None]
    references.save_safetensors(weights, os.path.join(case, "other.safetensors"))
    return "other.safetensors"


def main(folder, names):
    resnet.check_against_torchvision(references.randomise)
    for seed, (name, (arch, tell, shape, form)) in enumerate(CASES.items(), 1):
        if names and name not in names:
            continue
        case = os.path.join(folder, name)
        shutil.rmtree(case, ignore_errors=True)
        os.makedirs(case)
        net, x = references.make(arch, shape, seed)
        expected, error = references.expect(net, x)
        models = [references.save_model(net, case, form, x)]
        if name in OTHERS:
            models.append(save_other(net, case, OTHERS[name]))
        references.save_case(case, arch, tell, x, expected, models)
        size = sum(entry.stat().st_size for entry in os.scandir(case))
        print(f"{name:18} {size:7} bytes, PyTorch's float32 is off by {error:.1e}")


if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    main(sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "..", "data", "reference"),
         sys.argv[2:])
