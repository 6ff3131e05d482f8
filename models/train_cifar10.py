#!/usr/bin/env python3
"""Trains the small model that VkResNet ships: He et al.'s ResNet-20 for CIFAR-10.

    models/train_cifar10.py --data ../shared/data/cifar10-train --teacher resnet56.th --out
    models/resnet20-cifar10.safetensors models/train_cifar10.py --evaluate
    models/resnet20-cifar10.safetensors --test ../shared/data/cifar10

The data: most training images exist only as strongly compressed JPEG, 4,000 of them also lossless,
and the model is meant for lossless pictures. So every epoch draws a share of its images from the
lossless ones, small at first and large at the end, and the batch norm's statistics are measured on
lossless images alone once the training is over. The last 500 lossless images are held out, together
with their JPEG twins.

The teacher (optional) is a larger network of the same family that saw the lossless images. Its
logits are computed once, for each image and its mirror image, and the student learns from them
beside the labels (Hinton et al., "Distilling the Knowledge in a Neural Network", 2015). The teacher
is wrong about one JPEG in nine; there the label alone counts.

The result is float16 in the safetensors format, under torchvision's parameter names, with the
preprocessing and the class names as metadata. Needs PyTorch (1.13 or newer), NumPy and Pillow; runs
on a CPU.
"""

import argparse
import csv
import io
import json
import math
import os
import struct
import tarfile
import tempfile
import time

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn

CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
PAD = 4          # pixels on each side from which the random crop is taken
HELD_OUT = 500   # lossless images, the last ones, never trained on

METADATA = {
    "format": "pt",
    "vkresnet.name": "resnet20-cifar10",
    "vkresnet.arch": "resnet20",
    "vkresnet.classes": "\n".join(CLASSES),
    "vkresnet.resize": "32",
    "vkresnet.crop": "32",
    "vkresnet.interpolation": "bilinear",
    "vkresnet.mean": ",".join(map(str, MEAN)),
    "vkresnet.std": ",".join(map(str, STD)),
    "vkresnet.license": "MIT (weights trained for VkResNet, part of the project). Trained on "
                        "CIFAR-10 (Alex Krizhevsky, 2009)"
    " with distillation from the CIFAR-10 ResNet-56 of Yerlan Idelbayev (BSD-2-Clause).",
    "vkresnet.description": "A small ResNet-20 that tells ten classes of 32x32 pictures apart "
                            "(CIFAR-10); for trying"
    " VkResNet out, not for serious use.",
}

# --- Data -----------------------------------------------------------------------------------------

def load_jpeg(folder):
    """All images of train-jpeg.tar.xz: uint8 [N, 32, 32, 3], labels int64 [N]."""
    images, labels = [], []
    with tarfile.open(os.path.join(folder, "train-jpeg.tar.xz")) as tar:
        for member in tar:
            if member.isfile():
                picture = Image.open(io.BytesIO(tar.extractfile(member).read()))
                images.append(np.asarray(picture.convert("RGB")))
                labels.append(CLASSES.index(member.name.split("/")[-2]))
    return np.stack(images), np.array(labels)


def load_lossless(folder):
    """batch_0.png .. batch_3.png, a row an image: uint8 [4000, 32, 32, 3], labels int64 [4000]."""
    rows = [
        np.asarray(Image.open(os.path.join(folder, f"batch_{i}.png")).convert("RGB"))
        for i in range(4)
    ]
    with open(os.path.join(folder, "labels.txt"), encoding="ascii") as f:
        labels = np.array([int(word) for word in f.read().split()])
    return np.concatenate(rows).reshape(-1, 32, 32, 3), labels


def load_test(folder):
    """The images that labels.csv lists (file, class name, class): uint8 [N, 32, 32, 3], labels
    int64 [N]."""
    with open(os.path.join(folder, "labels.csv"), encoding="ascii", newline="") as f:
        rows = list(csv.DictReader(f))
    images = [
        np.asarray(Image.open(os.path.join(folder, row["file"])).convert("RGB")) for row in rows
    ]
    return np.stack(images), np.array([int(row["class"]) for row in rows])


def find_twins(jpeg, lossless):
    """For each lossless image the index of its JPEG: the nearest in means over 4x4 pixels, which
    compression keeps."""
    def features(images):
        return images.astype(np.float32).reshape(len(images), 8, 4, 8, 4, 3).mean(
            (2, 4)).reshape(len(images), -1)
    a, b = features(jpeg), features(lossless)
    distance = (a * a).sum(1)[None] - 2 * b @ a.T   # less |b|^2, the same for a whole row
    twins = distance.argmin(1)
    assert len(set(twins)) == len(twins), "two lossless images share a JPEG"
    return twins


class Images:
    """Pictures as uint8 with a margin. `windows` is a view of every possible crop, so one index
    operation takes the random crops of a batch; `augmented` then mirrors some of them."""

    def __init__(self, images, labels):
        x = torch.from_numpy(images).permute(0, 3, 1, 2)                        # [N, 3, 32, 32]
        margin = torch.tensor([round(255 * m) for m in MEAN],
                              dtype=torch.uint8)  # 0 once normalised
        canvas = margin.view(1, 3, 1, 1).repeat(len(x), 1, 32 + 2 * PAD, 32 + 2 * PAD)
        canvas[:, :, PAD:-PAD, PAD:-PAD] = x
        self.windows = canvas.unfold(2, 32, 1).unfold(3, 32, 1)  # view [N, 3, 9, 9, 32, 32]
        self.labels = torch.from_numpy(labels).long()

    def plain(self, index):
        return normalise(self.windows[index, :, PAD, PAD])

    def augmented(self, index, generator):
        """The images `index`, each cropped and perhaps mirrored, and which of them were: [B, 3, 32,
        32], int64 [B]."""
        dy, dx = torch.randint(0, 2 * PAD + 1, (2, len(index)), generator=generator)
        mirrored = torch.randint(0, 2, (len(index),), generator=generator)
        x = self.windows[index, :, dy, dx]
        return normalise(torch.where(mirrored.view(-1, 1, 1, 1) == 1, x.flip(3), x)), mirrored


def normalise(x):
    mean = torch.tensor(MEAN).view(1, 3, 1, 1)
    std = torch.tensor(STD).view(1, 3, 1, 1)
    return x.float().div_(255).sub_(mean).div_(std)


# --- Network --------------------------------------------------------------------------------------

class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.stride, self.new_channels = stride, outputs - inputs

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        if self.new_channels:  # option A: every second pixel, zero channels half before, half after
            half = self.new_channels // 2
            x = F.pad(x[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, half, half))
        return F.relu(y + x, inplace=True)


class ResNet(nn.Module):
    """He et al., "Deep Residual Learning for Image Recognition" (2015), section 4.2: 6n + 2 layers.
    """

    def __init__(self, n):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = self.stage(16, 16, 1, n)   # [B, 16, 32, 32]
        self.layer2 = self.stage(16, 32, 2, n)   # [B, 32, 16, 16]
        self.layer3 = self.stage(32, 64, 2, n)   # [B, 64, 8, 8]
        self.fc = nn.Linear(64, len(CLASSES))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)

    @staticmethod
    def stage(inputs, outputs, stride, n):
        return nn.Sequential(BasicBlock(inputs, outputs, stride),
                             *(BasicBlock(outputs, outputs, 1) for _ in range(n - 1)))

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)), inplace=True)
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(x.mean((2, 3)))


def load_teacher(path):
    """A .th file of Idelbayev's pytorch_resnet_cifar10, of whatever depth."""
    state = {key.replace("module.", "").replace("linear.", "fc."): value
             for key, value in torch.load(path, map_location="cpu")["state_dict"].items()}
    blocks = 1 + max(int(key.split(".")[1]) for key in state if key.startswith("layer1."))
    teacher = ResNet(blocks)
    teacher.load_state_dict(state)
    return teacher.eval()


# --- Training -------------------------------------------------------------------------------------

@torch.no_grad()
def teacher_logits(teacher, images, bf16):
    """Float32 [N, 2, 10]: of each image and of its mirror image."""
    answers = []
    for index in torch.arange(len(images.labels)).split(128):
        x = images.plain(index)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            answers.append(torch.stack([teacher(x), teacher(x.flip(3))], 1).float())
    return torch.cat(answers)


def distillation_loss(logits, labels, targets, weight, temperature, smoothing):
    """Cross-entropy with the labels, and with the softened teacher wherever the teacher is right.
    """
    hard = F.cross_entropy(logits, labels, label_smoothing=smoothing, reduction="none")
    if targets is None:
        return hard.mean()
    soft = F.kl_div(F.log_softmax(logits / temperature, 1), F.softmax(targets / temperature, 1),
                    reduction="none").sum(1)
    w = weight * (targets.argmax(1) == labels)
    return ((1 - w) * hard + w * temperature ** 2 * soft).mean()


def draw_epoch(jpeg, lossless, share, size, generator):
    """`size` indices in random order, `share` of them lossless (each as often as any other, or once
    more)."""
    wanted = round(share * size)
    rounds = math.ceil(wanted / len(lossless))
    many = torch.cat(
        [lossless[torch.randperm(len(lossless), generator=generator)] for _ in range(rounds)]
        or [lossless[:0]])[:wanted]
    few = jpeg[torch.randperm(len(jpeg), generator=generator)[:size - wanted]]
    both = torch.cat([many, few])
    return both[torch.randperm(len(both), generator=generator)]


def learning_rate(progress, peak, warm_up=0.15):
    """Linear warm-up, then a cosine down to zero; progress runs from 0 to 1."""
    if progress < warm_up:
        return peak * (0.05 + 0.95 * progress / warm_up)
    return peak * 0.5 * (1 + math.cos(math.pi * (progress - warm_up) / (1 - warm_up)))


@torch.no_grad()
def measure_batch_norm(model, images, index, generator):
    """Replaces the running averages by the plain average over augmented batches of the images
    `index`."""
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None   # a plain average
    model.train()
    for _ in range(4):
        for part in index[torch.randperm(len(index), generator=generator)].split(250):
            model(images.augmented(part, generator)[0])
    for norm in norms:
        norm.momentum = 0.1
    model.eval()


@torch.no_grad()
def evaluate(model, images, index):
    """Accuracy and mean cross-entropy, in float32."""
    model.eval()
    logits = torch.cat([model(images.plain(part)) for part in index.split(250)])
    labels = images.labels[index]
    return (logits.argmax(1) == labels).float().mean().item(), F.cross_entropy(logits,
                                                                               labels).item()


def train(args):
    torch.manual_seed(args.seed)
    os.makedirs(args.work, exist_ok=True)
    checkpoint = os.path.join(args.work, "checkpoint.pt")
    log_file = open(os.path.join(args.work, "log.txt"), "a", encoding="utf-8")

    def log(line):
        print(line, flush=True)
        print(line, file=log_file, flush=True)

    jpeg_images, jpeg_labels = load_jpeg(args.data)
    lossless_images, lossless_labels = load_lossless(args.data)
    twins = find_twins(jpeg_images, lossless_images)
    assert (jpeg_labels[twins] == lossless_labels).all()
    images = Images(np.concatenate([jpeg_images, lossless_images]),
                    np.concatenate([jpeg_labels, lossless_labels]))

    held_jpeg = torch.from_numpy(twins[-HELD_OUT:])
    keep = torch.ones(len(jpeg_images), dtype=torch.bool)
    keep[held_jpeg] = False
    jpeg = keep.nonzero().flatten()
    lossless = torch.arange(len(jpeg_images), len(images.labels))
    lossless, held = lossless[:-HELD_OUT], lossless[-HELD_OUT:]

    targets = None
    if args.teacher:
        start, saved = time.time(), os.path.join(args.work, "teacher-logits.pt")
        if args.resume and os.path.exists(saved):
            targets = torch.load(saved)
        else:
            targets = teacher_logits(load_teacher(args.teacher), images, args.bf16)
            torch.save(targets, saved)
        log(f"teacher's logits in {time.time() - start:.0f} s")

    model = ResNet(3)
    decayed = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() == 1]
    optimizer = torch.optim.SGD(
        [{"params": decayed, "weight_decay": args.decay}, {"params": others, "weight_decay": 0}],
        lr=args.lr, momentum=0.9, nesterov=True)
    first = 0
    if args.resume:
        state = torch.load(checkpoint)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        first = state["epoch"]
    log(f"{vars(args)}")

    steps = len(jpeg) // args.batch
    for epoch in range(first, args.epochs):
        start = time.time()
        generator = torch.Generator().manual_seed(
            1000 * args.seed + epoch)  # so that a resumed run sees the same images
        share = args.share[0] + (args.share[1] - args.share[0]) * epoch / max(args.epochs - 1, 1)
        order = draw_epoch(jpeg, lossless, share, steps * args.batch, generator)
        model.train()
        total = 0.0
        for step, index in enumerate(order.split(args.batch)):
            for group in optimizer.param_groups:
                group["lr"] = learning_rate((epoch + step / steps) / args.epochs, args.lr)
            x, mirrored = images.augmented(index, generator)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=args.bf16):
                logits = model(x)
            loss = distillation_loss(logits.float(), images.labels[index],
                                     None if targets is None else targets[index, mirrored],
                                     args.kd_weight, args.kd_temperature, args.smoothing)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            total += loss.item()
        accuracy, entropy = evaluate(model, images, held)
        on_jpeg, _ = evaluate(model, images, held_jpeg)
        log(f"epoch {epoch + 1}/{args.epochs}: loss {total / steps:.4f}, lossless share "
            f"{share:.2f}, held out {accuracy:.4f}"
            f" (cross-entropy {entropy:.4f}), their JPEGs {on_jpeg:.4f}, "
            f"{time.time() - start:.0f} s"
            )
        torch.save(
            {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch + 1},
            checkpoint + ".new")
        os.replace(checkpoint + ".new", checkpoint)

    measure_batch_norm(model, images, lossless, torch.Generator().manual_seed(args.seed))
    accuracy, entropy = evaluate(model, images, held)
    log(f"batch norm measured on lossless images: held out {accuracy:.4f} (cross-entropy "
        f"{entropy:.4f})"
        )
    write_safetensors(args.out, model)
    accuracy, entropy = evaluate(read_safetensors(args.out), images, held)
    log(f"as float16 in {os.path.basename(args.out)}: held out {accuracy:.4f} (cross-entropy "
        f"{entropy:.4f})"
        )


# --- The file -------------------------------------------------------------------------------------

def write_safetensors(path, model):
    """Header length (8 bytes, little endian), JSON header padded with spaces to 8 bytes, then the
    tensors as float16."""
    header, blobs, offset = {"__metadata__": METADATA}, [], 0
    for name, tensor in model.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        data = tensor.detach().numpy().astype("<f2")
        assert np.isfinite(data).all(), name
        blob = data.tobytes()
        header[name] = {
            "dtype": "F16", "shape": list(data.shape), "data_offsets": [offset, offset + len(blob)]
        }
        blobs.append(blob)
        offset += len(blob)
        # so every tensor is aligned without gaps; fc.bias is the last
        assert offset % 8 == 0 or name == "fc.bias", name
    text = json.dumps(header, ensure_ascii=True, separators=(",", ":")).encode("ascii")
    text += b" " * (-len(text) % 8)
    with open(path + ".new", "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))
    os.replace(path + ".new", path)


def read_safetensors(path):
    """The model in such a file, for the checks: float32 arithmetic on the float16 weights."""
    with open(path, "rb") as f:
        length, = struct.unpack("<Q", f.read(8))
        header = json.loads(f.read(length))
        data = f.read()
    header.pop("__metadata__")
    state = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        values = np.frombuffer(data[begin:end], "<f2").astype(np.float32).reshape(entry["shape"])
        state[name] = torch.from_numpy(values)
    model = ResNet(3)
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected and all(name.endswith("num_batches_tracked") for name in missing)
    return model.eval()


def report(args):
    """The finished file on the test images: for the report, never to choose by."""
    images = Images(*load_test(args.test))
    everything = torch.arange(len(images.labels))
    accuracy, entropy = evaluate(read_safetensors(args.evaluate), images, everything)
    print(
        f"{round(accuracy * len(everything))} of {len(everything)} right: {accuracy:.4f} "
        f"(cross-entropy {entropy:.4f})"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--data", default="../shared/data/cifar10-train",
                        help="folder with train-jpeg.tar.xz, batch_*.png")
    parser.add_argument(
        "--teacher",
        help="a .th file of pytorch_resnet_cifar10 to learn from; default: labels only")
    parser.add_argument("--out", default="models/resnet20-cifar10.safetensors",
                        help="the file to write")
    parser.add_argument("--work", default=os.path.join(tempfile.gettempdir(), "vkresnet-train"),
                        help="folder for checkpoint.pt (after every epoch) and log.txt")
    parser.add_argument("--resume", action="store_true",
                        help="go on from the checkpoint; only --epochs, --threads may change")
    parser.add_argument("--epochs", type=int, default=44)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--lr", type=float, default=0.15, help="peak learning rate")
    parser.add_argument("--decay", type=float, default=5e-4,
                        help="weight decay, of convolutions and the linear layer")
    parser.add_argument("--share", type=float, nargs=2, default=(0.15, 0.5),
                        metavar=("FIRST", "LAST"),
                        help="lossless images' share of the first and the last epoch")
    parser.add_argument("--smoothing", type=float, default=0.05, help="label smoothing")
    parser.add_argument("--kd-weight", type=float, default=0.7,
                        help="the teacher's share of the loss")
    parser.add_argument("--kd-temperature", type=float, default=4.0)
    parser.add_argument("--bf16", action="store_true",
                        help="convolutions in bfloat16: faster on CPUs with AVX512-BF16 or AMX")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--evaluate", metavar="FILE",
                        help="do not train: classify the images of --test with this file")
    parser.add_argument("--test", default="../shared/data/cifar10",
                        help="folder with labels.csv and its images")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    if args.evaluate:
        report(args)
    else:
        train(args)


if __name__ == "__main__":
    main()
