#!/usr/bin/env python3
"""C2 to C5 of torchvision's detection and segmentation networks, from photos at their own sizes:
`vkresnet features` on their checkpoints against PyTorch on PIL's images.

    backbones.py --program VKRESNET

Exits with 77 where torch is absent, or where there is no Vulkan device.
"""

import argparse
import os
import subprocess
import sys
import tempfile

import compare

try:
    import numpy
    import torch
    from PIL import Image
    from torchvision.models import detection, segmentation
    from torchvision.transforms import functional

    from references import randomise
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

TOLERANCE = 1e-5
SIZES = ((150, 97), (64, 120))
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def networks():
    """A name, a network, its body (layer1 to layer4), and what is warned of."""
    fcn = segmentation.fcn_resnet50(weights=None, weights_backbone=None)
    yield "fcn_resnet50", fcn, fcn.backbone, b"dilate=0:1:1: the file has the head of"
    rcnn = detection.fasterrcnn_resnet50_fpn(weights=None, weights_backbone=None)
    yield "fasterrcnn_resnet50_fpn", rcnn, rcnn.backbone.body, b""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    program = parser.parse_args().program
    info = subprocess.run([program, "info", "--json"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=False)
    if info.returncode and not os.environ.get("VRN_TEST_REQUIRE_DEVICE"):
        print("no Vulkan device: skipped")
        return 77
    worst = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, net, body, warning in networks():
            torch.manual_seed(1)
            randomise(body, torch.randn(1, 3, 96, 96))
            checkpoint = os.path.join(folder, name + ".pth")
            torch.save(net.state_dict(), checkpoint)
            for width, height in SIZES:
                pixels = numpy.random.RandomState(width).randint(0, 256, (height, width, 3))
                image = Image.fromarray(pixels.astype(numpy.uint8))
                photo = os.path.join(folder, "photo.png")
                image.save(photo)
                x = functional.normalize(functional.to_tensor(image), MEAN, STD)[None]
                levels = []
                with torch.no_grad():
                    for part, module in body.named_children():
                        x = module(x)
                        if part.startswith("layer"):
                            levels.append(x)
                assert len(levels) == 4, name
                files = [os.path.join(folder, f"c{i}.npy") for i in range(2, 6)]
                taps = [word for i, path in enumerate(files)
                        for word in ("--tap", f"layer{i + 1}={path}")]
                done = subprocess.run([program, "features", "--model", checkpoint, "--own-size",
                                       *taps, photo], stderr=subprocess.PIPE, check=True)
                assert warning in done.stderr, done.stderr
                for path, expected in zip(files, levels):
                    shape, values = compare.read_npy(path)
                    assert tuple(shape) == tuple(expected.shape), (name, shape, expected.shape)
                    found = compare.relative_error(values, expected.flatten().tolist())
                    worst = max(worst, found)
            print(f"{name}: C2 to C5 of {len(SIZES)} photos: {worst:.1e} off at most")
    return 0 if worst <= TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
