#!/usr/bin/env python3
"""Compares the logits of this library and of torchvision for the same weights.

Needs torch and torchvision.

    agreement.py [--network resnet18] [--weights FILE.pth]

Without a file the weights are random, with running statistics as after training.
"""

# %%
import argparse
import os
import sys
import tempfile

import numpy as np
import torch
import torchvision

import vkresnet

parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("--network", default="resnet18")
parser.add_argument("--weights", help="a checkpoint of that network")
parser.add_argument("--images", type=int, default=2)
options = parser.parse_args()

# %% torchvision's network, in double precision: the reference.
torch.manual_seed(0)
network = getattr(torchvision.models, options.network)().eval()
if options.weights:
    network.load_state_dict(torch.load(options.weights, map_location="cpu"))
else:
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.2, 0.2)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
x = torch.randn(options.images, 3, 224, 224)

# %% The same weights here, by a file as torch.save writes it. The input comes from torch's memory.
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "weights.pth")
    torch.save(network.state_dict(), path)
    with vkresnet.load(path) as model, \
            vkresnet.Session(model, batch=options.images, taps=["layer4"]) as session:
        print(model)
        ours = session.run(x)

# %% Relative L2 error; 1e-5 is what the library promises.
with torch.no_grad():
    network.double()
    theirs = network(x.double()).numpy()
error = np.linalg.norm(ours.logits - theirs) / np.linalg.norm(theirs)
same = np.array_equal(ours.logits.argmax(1), theirs.argmax(1))
print(f"relative L2 error {error:.2e}, the same classes: {same}")
sys.exit(error > 1e-5 or not same)
