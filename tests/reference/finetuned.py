#!/usr/bin/env python3
"""A resnet18 that was fine-tuned with other people's habits, converted once with its facts: then
the program, and the smallest program in C, give PyTorch's probabilities without options.

    finetuned.py --program VKRESNET [--example EXAMPLE_CLASSIFY]

The reference is torchvision's network on what torchvision's transforms make of PIL's images. Exits
with 77 where torch is absent, or where there is no Vulkan device.
"""

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile

try:
    import numpy
    import torch
    import torchvision
    from PIL import Image
    from torchvision import transforms

    from references import randomise
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

CLOSE = 2e-4  # of probabilities
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CAFFE = (103.939, 116.779, 123.68)


def squash(image):
    """Resize((96, 80)): the proportions do not matter."""
    return transforms.Compose([transforms.Resize((96, 80)), transforms.ToTensor(),
                               transforms.Normalize((0.5, 0.5, 0.5), (0.25, 0.25, 0.25))])(image)


def usual(image):
    return transforms.Compose([transforms.Resize(100), transforms.CenterCrop(96),
                               transforms.ToTensor(), transforms.Normalize(*IMAGENET)])(image)


def bgr(image):
    """As OpenCV's users and Caffe's models have it: blue first, 0 to 255, means alone."""
    image = transforms.Compose([transforms.Resize(100), transforms.CenterCrop(96)])(image)
    values = torch.from_numpy(numpy.asarray(image).copy()).permute(2, 0, 1).float()
    return values[[2, 1, 0]] - torch.tensor(CAFFE)[:, None, None]


def letterbox(image):
    """The whole photo on grey, as detectors' users do it."""
    side = 96
    scale = min(side / image.width, side / image.height)
    size = [max(1, round(x * scale)) for x in image.size]
    canvas = Image.new("RGB", (side, side), (114, 114, 114))
    canvas.paste(image.resize(size, Image.BICUBIC),
                 ((side - size[0]) // 2, (side - size[1]) // 2))
    return transforms.Compose([transforms.ToTensor(), transforms.Normalize(*IMAGENET)])(canvas)


# A name; the classes; how names stand beside the weights; the head's answer; the transform; and the
# facts that no file says, as they are given to convert.
HABITS = (
    ("squash, class_to_idx", 4, "class_to_idx", "softmax", squash,
     ["--resize", "96x80", "--mean", "0.5,0.5,0.5", "--std", "0.25,0.25,0.25"]),
    ("own names in a list", 3, "list", "softmax", usual, ["--resize", "100", "--crop", "96"]),
    ("sigmoid, several labels", 5, "id2label", "sigmoid", usual,
     ["--resize", "100", "--crop", "96", "--activation", "sigmoid"]),
    ("BGR, 0 to 255", 4, "class_to_idx", "softmax", bgr,
     ["--resize", "100", "--crop", "96", "--channels", "bgr", "--scale", "1",
      "--mean", ",".join(map(str, CAFFE)), "--std", "1,1,1"]),
    ("letterbox, bicubic", 3, "list", "softmax", letterbox,
     ["--letterbox", "--crop", "96", "--fill", "114,114,114", "--interpolation", "bicubic"]),
)


def draw(folder):
    """Photos of several shapes, with something in them."""
    paths = []
    for i, (width, height) in enumerate(((160, 120), (97, 230), (300, 101), (96, 96), (60, 45))):
        noise = numpy.random.RandomState(i)
        small = noise.randint(0, 256, (6, 8, 3)).astype(numpy.uint8)
        image = Image.fromarray(small).resize((width, height), Image.BICUBIC)
        pixels = numpy.asarray(image).astype(int) + noise.randint(-20, 21, (height, width, 3))
        paths.append(os.path.join(folder, f"{i}.png"))
        Image.fromarray(pixels.clip(0, 255).astype(numpy.uint8)).save(paths[-1])
    return paths


def save(net, names, how, folder):
    """The checkpoint, and what --classes is given."""
    path, more = os.path.join(folder, "model.pth"), []
    content = {"state_dict": {"module." + name: value for name, value in net.state_dict().items()},
               "epoch": 3, "best_acc": 0.9}
    if how == "class_to_idx":
        content["class_to_idx"] = {name: i for i, name in enumerate(names)}
    elif how == "id2label":
        content["id2label"] = dict(enumerate(names))
    else:
        more = ["--classes", os.path.join(folder, "names.txt")]
        with open(more[1], "w", encoding="utf-8") as file:
            file.write("\n".join(names) + "\n")
    torch.save(content, path)
    return path, more


def compare(arguments, habit, paths, folder):
    title, classes, how, answer, transform, facts = habit
    names = [f"{word} {title[:3]}" for word in ("apple", "beet", "carrot", "dill", "endive")]
    names = random.Random(title).sample(names, classes)
    torch.manual_seed(classes)
    inputs = [transform(Image.open(path).convert("RGB"))[None] for path in paths]
    net = randomise(torchvision.models.resnet18(num_classes=classes), inputs[0])
    with torch.no_grad():
        net.fc.weight.normal_(0, 2 / net.fc.in_features**0.5)
        logits = torch.cat([net(x) for x in inputs])
    expected = torch.sigmoid(logits) if answer == "sigmoid" else torch.softmax(logits, 1)

    checkpoint, more = save(net, names, how, folder)
    model = os.path.join(folder, "model.safetensors")
    subprocess.run([arguments.program, "convert", "--quiet", checkpoint, model, *facts, *more],
                   check=True)
    text = subprocess.run([arguments.program, "classify", "--quiet", "--json", "--model", model,
                           *paths], check=True, stdout=subprocess.PIPE).stdout
    worst = 0
    for line, values in zip(text.splitlines(), expected):
        top = json.loads(line)["top"]
        found = {entry["label"]: entry["probability"] for entry in top}
        assert set(found) == set(names), (title, found)
        worst = max([worst] + [abs(found[name] - float(p)) for name, p in zip(names, values)])
    assert len(text.splitlines()) == len(paths)
    spread = float((expected.max(0)[0] - expected.min(0)[0]).max())
    print(f"{title}: at most {worst:.1e} off PyTorch's probabilities, which differ by up to "
          f"{spread:.2f}")
    assert spread > 0.05, "the photos are all the same to this network"
    good = worst <= CLOSE
    for path, values in zip(paths, expected) if arguments.example else ():
        line = subprocess.run([arguments.example, model, path], check=True,
                              stdout=subprocess.PIPE).stdout.decode()
        index, name, percent = re.fullmatch(r"(\d+) (.*) (\d+\.\d) %\n", line).groups()
        best = int(values.argmax())
        agrees = (int(index), name) == (best, names[best]) and abs(
            float(percent) - 100 * float(values[best])) <= 0.05 + 100 * CLOSE
        if not agrees:
            print(f"{title}: {path}: in C: {line.strip()}")
        good = good and agrees
    return good


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--example")
    arguments = parser.parse_args()
    info = subprocess.run([arguments.program, "info", "--json"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=False)
    if info.returncode and not os.environ.get("VRN_TEST_REQUIRE_DEVICE"):
        print("no Vulkan device: skipped")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        paths = draw(folder)
        good = [compare(arguments, habit, paths, folder) for habit in HABITS]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
