#!/usr/bin/env python3
"""One small network as the code that people train with saves it: `vkresnet convert` finds the same
weights and the same architecture in each file, or refuses it with a message that says what to do.

    trainers.py --program VKRESNET [NAME]...

No device is used: reading is compared bit by bit, and other tests compare what is computed. Exits
with 77 without torch.
"""

import argparse
import collections
import copy
import json
import os
import re
import struct
import subprocess
import sys
import tempfile

from renames import by_number, hugging_face, prefixed, renamed

try:
    import numpy
    import torch
    from torch import nn

    import references
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

ARCH = "resnet,block=bottleneck,layers=2:1:1:1,planes=4:4:5:6,num_classes=5"
HEADLESS = ARCH.replace("planes", "head=none,planes").replace(",num_classes=5", "")
FROZEN = ",norm=frozen"  # the same as batch norms that count no batches
FEATURES = 24


def without_head(weights):
    return renamed(weights, (r"fc\.", None))


def head(weights, name):
    return renamed(weights, (r"fc\.", name + "."), (r".*", None))


def of_linear(features, classes, name, *more):
    """A layer that stands somewhere beside the network."""
    return {f"{name}.weight": torch.randn(classes, features, *more), f"{name}.bias":
            torch.randn(classes)}


def detectron(weights):
    return renamed(
        without_head(weights), (r"conv1\.", "backbone.bottom_up.stem.conv1."),
        (r"bn1\.", "backbone.bottom_up.stem.conv1.norm."),
        *((rf"layer{i}\.(\d)\.conv(\d)\.", rf"backbone.bottom_up.res{i + 1}.\1.conv\2.")
          for i in range(1, 5)),
        *((rf"layer{i}\.(\d)\.bn(\d)\.", rf"backbone.bottom_up.res{i + 1}.\1.conv\2.norm.")
          for i in range(1, 5)),
        *((rf"layer{i}\.0\.downsample\.0\.", f"backbone.bottom_up.res{i + 1}.0.shortcut.")
          for i in range(1, 5)),
        *((rf"layer{i}\.0\.downsample\.1\.", f"backbone.bottom_up.res{i + 1}.0.shortcut.norm.")
          for i in range(1, 5)))


class TwoLayers(nn.Module):
    """A head of two layers that are attributes."""

    def __init__(self, net, activation=nn.Identity()):
        super().__init__()
        self.net = replace_head(net, nn.Identity())
        self.fc1, self.drop, self.fc2 = nn.Linear(FEATURES, 7), nn.Dropout(), nn.Linear(7, 5)
        self.between = activation

    def forward(self, x):
        x = self.drop(self.fc1(self.net(x)))
        return self.fc2(x if isinstance(self.between, nn.Identity) else self.between(x))


def replace_head(net, layer):
    other = copy.deepcopy(net)
    other.fc = layer
    return other


def traced(net):
    return torch.jit.trace(net.eval(), torch.rand(1, 3, 33, 28))


def right(w, net):
    """name: (what is saved, the architecture, options). `w`: the weights by torchvision's names."""
    body = without_head(w)
    optimizer = torch.optim.Adam(net.parameters()).state_dict()
    other = {k: v + 0.5 if v.is_floating_point() else v for k, v in w.items()}
    half = {k: v.half() if v.is_floating_point() else v for k, v in w.items()}
    with_head = {"fc.1.weight": w["fc.weight"], "fc.1.bias": w["fc.bias"]}
    yield "torchvision", w
    yield "torchvision 2017", renamed(w, (r".*num_batches_tracked", None)), ARCH + FROZEN
    yield "torchvision references", {"model": w, "optimizer": optimizer, "epoch": 3,
                                     "lr_scheduler": {"last_epoch": 3},
                                     "args": argparse.Namespace()}
    yield "DataParallel", prefixed(w, "module.")
    yield "torch.compile", prefixed(w, "_orig_mod.")
    yield "DDP and torch.compile", prefixed(w, "module._orig_mod.")
    yield "SWA", {**prefixed(w, "module."), "n_averaged": torch.tensor(10)}
    yield "kuangliu", {"net": prefixed(w, "module."), "acc": 93.1, "epoch": 199}
    yield "PyTorch's tutorial", {"epoch": 5, "model_state_dict": w,
                                 "optimizer_state_dict": optimizer, "loss": torch.tensor(0.4)}
    for key in "model_state", "weights", "network", "best_model", "state_dict_ema", "module":
        yield f"a dictionary's {key}", {key: w, "optimizer": optimizer, "epoch": 1}
    yield "a list", [w, 7]
    yield "DeepSpeed", {"module": w, "buffer_names": ["bn1.running_mean"], "param_shapes": [{}]}
    yield "Composer", {"state": {"model": prefixed(w, "module."), "optimizers": {
        "Adam": optimizer}}, "rng": []}
    yield "Lightning", {"epoch": 1, "pytorch-lightning_version": "2.1", "state_dict":
                        prefixed(w, "model."), "hyper_parameters": {"lr": 0.1}, "callbacks": {}}
    yield "Lightning's features and classifier", {"state_dict": {
        **by_number(body, "feature_extractor.", ""), **prefixed(head(w, "classifier"), "")}}
    yield "ignite", {"model": w, "optimizer": optimizer, "trainer": {"epoch": 1}}
    yield "accelerate and EMA", {"model": w, "ema": {"decay": 0.99}, "scaler": {"scale": 65536.0}}
    yield "catalyst", {"model_state_dict": w, "criterion_state_dict": {}, "stage": "train"}
    yield "timm's train.py", {"epoch": 9, "arch": "resnet50", "state_dict": w, "version": 2,
                              "optimizer": optimizer, "args": argparse.Namespace(model="resnet50")}
    yield "Hugging Face", hugging_face(w)
    yield "Hugging Face's TimmWrapper", prefixed(w, "timm_model.")
    yield "MMPretrain", {"meta": {}, "state_dict": {**prefixed(body, "backbone."),
                                                    **head(w, "head.fc")}}
    yield "mmcv's EMA buffers", {"state_dict": {**prefixed(body, "backbone."),
                                                **head(w, "head.fc")}, "message_hub": {}}
    yield "fastai", {"model": {**by_number(body, "0.", ""), **head(w, "1.8")}, "opt": optimizer}
    yield "Sequential", by_number(w, "", "9")
    yield "a head in a Sequential", {**body, **with_head}
    yield "classifier", {**body, **head(w, "classifier")}
    yield "Cadene's last_linear", {**body, **head(w, "last_linear")}
    yield "timm's head.fc", {**body, **head(w, "head.fc")}
    yield "BYOL's wrapper", {"online_encoder": w, "epoch": 3}
    yield "robustness", {"model": {**prefixed(w, "module.model."), "module.normalizer.new_mean":
                                   torch.rand(3, 1, 1), "module.normalizer.new_std":
                                   torch.rand(3, 1, 1)}, "epoch": 90}, ARCH, ["--prefix",
                                                                              "module.model"]
    yield "MoCo's linear classification", {"state_dict": prefixed(w, "module."), "arch": "resnet50"}
    yield "an auxiliary head", {**w, **of_linear(FEATURES, 3, "aux")}
    yield "metrics and losses", {"state_dict": {**prefixed(w, "model."), "metric.confmat":
                                                torch.zeros(5, 5), "criterion.weight":
                                                torch.ones(5)}}
    yield "NumPy's numbers beside", {"state_dict": w, "acc": numpy.float64(0.9), "epoch":
                                     numpy.int64(3), "history": numpy.zeros(4)}
    yield "parameters", {name: nn.Parameter(value, requires_grad=False) for name, value in w.items()
                         if value.is_floating_point()}, ARCH + FROZEN
    yield "doubles", {k: v.double() if v.is_floating_point() else v for k, v in w.items()}
    yield "views of one storage", views(w)
    yield "channels last", {k: v.contiguous(memory_format=torch.channels_last) if v.dim() == 4
                            else v for k, v in w.items()}
    yield "a whole module in a dictionary", {"model": net, "epoch": 4}
    yield "DINO, Barlow Twins, VICReg", body, HEADLESS
    yield "torchvision's Faster R-CNN", {
        **prefixed(renamed(body, (r".*num_batches_tracked", None)), "backbone.body."),
        **of_linear(24, 8, "backbone.fpn.inner_blocks.3.0", 1, 1),
        **of_linear(8, 8, "rpn.head.conv.0.0", 3, 3)}, HEADLESS + FROZEN
    yield "MMDetection", {"state_dict": {**prefixed(body, "backbone."), **of_linear(
        24, 8, "neck.lateral_convs.3.conv", 1, 1)}}, HEADLESS, ["--arch", "head=none"]
    yield "Detectron2", {"model": detectron(w), "__author__": "x"}, HEADLESS, ["--arch", "v1=0"]
    yield "MoCo v2", {"state_dict": {**prefixed(body, "module.encoder_q."), **of_linear(
        24, 24, "module.encoder_q.fc.0"), **of_linear(24, 8, "module.encoder_q.fc.2"),
        **prefixed(body, "module.encoder_k."), "module.queue": torch.randn(8, 16)}}, HEADLESS, [
            "--prefix", "module.encoder_q", "--arch", "head=none"]
    yield "SimCLR", {**prefixed(body, "backbone."), **of_linear(24, 24, "backbone.fc.0"),
                     **of_linear(24, 8, "backbone.fc.2")}, HEADLESS, ["--arch", "head=none"]
    yield "solo-learn", {"state_dict": {**prefixed(body, "backbone."), **of_linear(
        24, 8, "projector.0"), **head(w, "classifier")}}
    yield "SwAV", {**prefixed(body, "module."), **of_linear(24, 16, "module.projection_head.0"),
                   "module.prototypes.weight": torch.randn(30, 8)}, HEADLESS
    yield "lightly", {"state_dict": {**by_number(body, "backbone.", ""), **of_linear(
        24, 24, "projection_head.layers.0")}}, HEADLESS, ["--arch", "head=none"]
    yield "VISSL", {"classy_state_dict": {"base_model": {"model": {
        "trunk": prefixed(body, "_feature_blocks."), "heads": {}}}}}, HEADLESS
    yield "halves", half
    yield "torchreid", {"state_dict": {**body, **head(w, "classifier")}, "rank1": 0.9, "epoch": 3}
    yield "segmentation_models_pytorch", {
        **prefixed(body, "encoder."), "decoder.blocks.0.conv1.0.weight": torch.randn(8, 8, 3, 3),
        **of_linear(8, 2, "segmentation_head.0", 3, 3)}, HEADLESS
    yield "torchvision's DeepLabV3", {
        **prefixed(body, "backbone."), "classifier.0.convs.0.0.weight": torch.randn(4, 24, 1, 1),
        **of_linear(4, 5, "classifier.4", 1, 1)}, HEADLESS + ",dilate=0:1:1"
    yield "FixMatch", {"model": w, "ema_model": other, "optimizer": {}}
    yield "Hydra and Lightning", {"hyper_parameters": {}, "state_dict": prefixed(w, "net.model.")}
    yield "a whole module with a GELU in its head", replace_head(net, nn.Sequential(
        nn.Linear(FEATURES, 7), nn.GELU(), nn.Linear(7, 5))), HEADLESS, ["--arch", "head=none"]
    yield "a program with two linear layers", traced(TwoLayers(net)), HEADLESS, [
        "--arch", "head=none"]
    beside = nn.ModuleDict({"net": net, "projector": nn.Sequential(
        nn.Linear(5, 7), nn.GELU(), nn.Linear(7, 7))})
    yield "a whole module beside a projection with a GELU", beside
    yield "a trunk and its head", {**prefixed(body, "trunk."), **head(w, "trunk.fc")}


def views(weights):
    """As code saves it that keeps all parameters in one buffer."""
    flat = torch.cat([value.flatten().float() for value in weights.values()])
    result, at = collections.OrderedDict(), 0
    for name, value in weights.items():
        result[name] = flat[at:at + value.numel()].view(value.shape)
        at += value.numel()
    return result


def refused(w, net):
    """name: (what is saved, words of the message)."""
    body = without_head(w)
    yield "no statistics", renamed(w, (r".*(running|tracked)", None)), \
        "norms with running statistics, found none.*--arch norm=group"
    yield "two networks", {"a": w, "b": {k: v * 2 for k, v in w.items()}}, "--prefix"
    yield "a teacher and a student", {"student": {k: v + 1 for k, v in w.items()}, "teacher": w}, \
        "choose one with --prefix"
    yield "SupCon", {"model": {**prefixed(body, "encoder."), **of_linear(24, 24, "head.0"),
                               **of_linear(24, 8, "head.2")}}, "projection.*--arch head=none"
    yield "MoCo v3", {"state_dict": {**prefixed(body, "module.base_encoder."), **of_linear(
        24, 8, "module.base_encoder.fc.0"), **of_linear(8, 8, "module.base_encoder.fc.3")}}, \
        "projection.*--arch head=none"
    yield "a neck of re-identification", {**prefixed(body, "base."), "bottleneck.weight":
                                          torch.ones(24), "classifier.weight": w["fc.weight"]}, \
        "--prefix base selects only the network"
    yield "IBN-Net", renamed(w, (r"layer1\.0\.bn1\.", "layer1.0.bn1.BN.")), "IBN-Net"
    yield "Res2Net", renamed(w, (r"layer1\.0\.conv2\.", "layer1.0.convs.0.")), "Res2Net"
    yield "3D", {k: v.unsqueeze(2) if v.dim() == 4 else v for k, v in w.items()}, "3D convolutions"
    yield "PReLU", {**w, "layer1.0.prelu.weight": torch.rand(4)}, "PReLU"
    yield "GeM", {**body, "pool.p": torch.ones(1), **head(w, "fc")}, "GeM"
    yield "ArcFace", {**w, "head.kernel": torch.randn(24, 5)}, "margin head"
    yield "channel pruning", {**w, "layer1.0.conv1.weight": torch.randn(3, 4, 1, 1)}, \
        r"expected \[4, 4, 1, 1\], found \[3, 4, 1, 1\]"
    yield "quantization-aware training", {**w, "conv1.weight_fake_quant.scale": torch.ones(4)}, \
        "quantization-aware"
    yield "a VGG", {"features.0.weight": torch.randn(4, 3, 3, 3), "classifier.6.weight":
                    torch.randn(5, 8)}, "VGG"
    yield "a ViT", {"cls_token": torch.randn(1, 1, 8), "patch_embed.proj.weight":
                    torch.randn(8, 3, 16, 16)}, "vision transformer"
    yield "CLIP", {**prefixed(body, "visual."), "visual.attnpool.k_proj.weight":
                   torch.randn(8, 8)}, "attention layer"
    yield "an optimizer alone", torch.optim.Adam(net.parameters()).state_dict(), "param_groups"
    yield "NumPy's arrays", {name: value.numpy() for name, value in w.items()}, "torch.as_tensor"
    for layer in nn.Tanh(), nn.GELU(), nn.LeakyReLU(0.2), nn.SiLU(), nn.Dropout():
        other = replace_head(net, nn.Sequential(
            nn.Linear(FEATURES, 7), layer, nn.Dropout(), nn.Linear(7, 5)))
        yield f"{type(layer).__name__} in a whole module's head", other, "expected a ReLU between"
    yield "nothing between the layers of a program", traced(TwoLayers(net)), \
        "there is no activation between fc1 and fc2: expected a ReLU.*--arch head=none"
    yield "a SiLU between the layers of a program", traced(TwoLayers(net, nn.SiLU())), \
        "between is a SiLU: expected a ReLU.*--arch head=none"


def read_safetensors(path):
    with open(path, "rb") as file:
        data = file.read()
    begin = 8 + struct.unpack_from("<Q", data)[0]
    header = json.loads(data[8:begin])
    arch = header.pop("__metadata__")["vkresnet.arch"]
    return arch, {name: (entry["shape"], data[begin + entry["data_offsets"][0]:
                                               begin + entry["data_offsets"][1]])
                  for name, entry in header.items()}


def differences(found, arch, wanted, expected):
    if arch != expected:
        return f"expected {expected}, found {arch}"
    for name, (shape, data) in found.items():
        if name not in wanted:
            return f"{name} is not of the network"
        if shape != list(wanted[name].shape) or data != wanted[name].numpy().tobytes():
            return f"{name} differs"
    least = 5 if "head=none" in arch else 0
    return "" if len(found) >= 100 - least else f"{len(found)} tensors"


def convert(program, content, options, folder):
    path, out = (os.path.join(folder, name) for name in ("model.pth", "out.safetensors"))
    content.save(path) if isinstance(content, torch.jit.ScriptModule) else torch.save(content, path)
    if os.path.exists(out):
        os.remove(out)
    done = subprocess.run([program, "convert", *options, path, out], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    return done.returncode, done.stderr.decode(errors="replace").strip(), out


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("names", nargs="*")
    chosen = parser.parse_args()
    net, _ = references.make(ARCH, (1, 3, 33, 28), 1)
    weights = collections.OrderedDict(
        (name, value.float() if value.is_floating_point() else value)
        for name, value in net.state_dict().items())
    failures = count = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, content, *more in right(weights, net):
            if chosen.names and name not in chosen.names:
                continue
            arch, options = (more + [ARCH, []][len(more):])
            status, said, out = convert(chosen.program, content, options, folder)
            wrong = said if status else differences(
                *reversed(read_safetensors(out)),
                {k: v.half().float() for k, v in weights.items()} if name == "halves" else weights,
                arch)
            count += 1
            failures += bool(wrong)
            if wrong:
                print(f"FAIL {name}: {wrong}")
        for name, content, words in refused(weights, net):
            if chosen.names and name not in chosen.names:
                continue
            status, said, _ = convert(chosen.program, content, [], folder)
            good = status == 1 and re.search(words, said) and "\n" not in said
            count += 1
            failures += not good
            if not good:
                print(f"FAIL {name}: status {status}, expected '{words}': {said}")
    print(f"{count} kinds of files, {failures} wrong")
    return 1 if failures or not count else 0


if __name__ == "__main__":
    sys.exit(main())
