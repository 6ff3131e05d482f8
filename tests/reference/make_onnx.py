#!/usr/bin/env python3
"""Writes tests/data/reference/onnx and onnx-half with PyTorch; needs torch and torchvision.

    make_onnx.py

Versions before 2.5 write the files of the exporter by TorchScript and what they are compared with,
later ones those of the newer exporter (which needs the packages onnx and onnxscript): run it with
one of each, in this order.
"""

import json
import os

import numpy
import torch

import references
import resnet

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "reference")
ARCH = "resnet,layers=1:1,planes=3:4,num_classes=5"
HALF = "resnet,layers=1:1,planes=4:8,num_classes=5,stem=deep"
CLASSES = ["ant", "bee", "cat", "dog", "eel"]


def save_by_script(net, x, folder):
    """Folded, as it is done unless told otherwise; and kept, in an old form and with open sizes."""
    torch.onnx.export(net, x, os.path.join(folder, "folded.onnx"))
    torch.onnx.export(net, x, os.path.join(folder, "kept.onnx"), opset_version=9,
                      training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False,
                      input_names=["x"], dynamic_axes={"x": {0: "n", 2: "h", 3: "w"}})
    return ["folded.onnx", "kept.onnx"]


def without_traces(model):
    """Without what the exporter notes of source files."""
    graph = model.graph
    for thing in (*graph.node, *graph.initializer, *graph.input, *graph.output, *graph.value_info):
        if hasattr(thing, "metadata_props"):
            del thing.metadata_props[:]
        thing.ClearField("doc_string")
    del graph.value_info[:]
    del graph.metadata_props[:]
    del model.metadata_props[:]
    return model


def save_by_dynamo(net, x, folder, name, **options):
    import onnx

    path = os.path.join(folder, name)
    torch.onnx.export(net, (x,), path, dynamo=True, verbose=False, **options)
    model = without_traces(onnx.load(path, load_external_data=False))
    onnx.helper.set_model_props(model, {"class_names": json.dumps(CLASSES)})
    onnx.save(model, path)


def save_expected(net, x, folder, arch, models):
    """Without conv1, whose output has the norm in it where that is folded."""
    expected, _ = references.expect(net, x)
    del expected["conv1"]
    references.save_case(folder, arch, False, x, expected, models)
    net.float()


def make_half():
    """A network of halves, whose norms would be rounded again if they were folded. Expected is what
    its weights give in doubles."""
    folder = os.path.join(DATA, "onnx-half")
    os.makedirs(folder, exist_ok=True)
    net, x = references.make(HALF, (2, 3, 32, 32), 1)
    net.half()
    save_by_dynamo(net, x.half(), folder, "model.onnx", external_data=False, optimize=False,
                   dynamic_shapes=({0: torch.export.Dim.DYNAMIC},))
    save_expected(net.float(), x, folder, HALF, ["model.onnx"])


def main():
    folder = os.path.join(DATA, "onnx")
    os.makedirs(folder, exist_ok=True)
    if tuple(map(int, torch.__version__.split(".")[:2])) < (2, 5):
        net, x = references.make(ARCH, (1, 3, 33, 28), 1)
        models = save_by_script(net, x, folder) + ["dynamo.onnx"]
        torch.save(net.state_dict(), os.path.join(folder, "weights.pth"))
        save_expected(net, x, folder, ARCH, models + ["weights.pth"])
        return
    net = resnet.build(ARCH).eval()
    net.load_state_dict(torch.load(os.path.join(folder, "weights.pth")))
    x = torch.from_numpy(numpy.load(os.path.join(folder, "x.npy")))
    save_by_dynamo(net, x, folder, "dynamo.onnx", external_data=True)
    make_half()


if __name__ == "__main__":
    main()
