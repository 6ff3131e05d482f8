#!/usr/bin/env python3
"""Measures the accuracy of `vkresnet fit`: on 20 images of each class of CIFAR-10's training
images, with the features of resnet56, within a point of scikit-learn's logistic regression on the
same features.

    fit.py --program VKRESNET --data FOLDER

FOLDER is the one with CIFAR-10's weights, test images and training images (VRN_TEST_DATA). Both
learn the same 200 images and are counted on the 500 test images. Where scikit-learn is absent, the
same optimum is found by Newton's method here. Exits with 77 where the data, NumPy or Pillow is.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # or its threads wait for each other
try:
    import numpy
    from PIL import Image
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)
try:
    from sklearn.linear_model import LogisticRegression
except ImportError:
    LogisticRegression = None

EACH = 20
POINT = 0.01
SLOW_MS = 30000  # for the classifier alone, on any machine


def write_images(data, folder):
    """The first EACH images of each class, in folders of the classes' names."""
    with open(os.path.join(data, "cifar10", "classes.txt"), encoding="utf-8") as file:
        names = file.read().split()
    with open(os.path.join(data, "cifar10-train", "labels.txt"), encoding="utf-8") as file:
        labels = [int(line) for line in file]
    taken = dict.fromkeys(range(10), 0)
    images = numpy.concatenate([
        numpy.asarray(Image.open(os.path.join(data, "cifar10-train", f"batch_{i}.png")))
        for i in range(4)]).reshape(-1, 32, 32, 3)
    for image, label in zip(images, labels):
        if taken[label] == EACH:
            continue
        os.makedirs(os.path.join(folder, names[label]), exist_ok=True)
        Image.fromarray(image).save(os.path.join(folder, names[label], f"{taken[label]:02}.png"))
        taken[label] += 1
    return names


def newton(x, y, classes, strength=1.0):
    """The minimum of the summed -log p plus |W|^2 / 2: scikit-learn's with C = 1."""
    x = numpy.hstack([x, numpy.ones((len(x), 1))]).astype(float)
    width = x.shape[1]
    w = numpy.zeros((classes, width))
    penalty = numpy.tile(numpy.r_[numpy.full(width - 1, strength), 1e-6], classes)
    truth = numpy.eye(classes)[y]
    for _ in range(50):
        logits = x @ w.T
        p = numpy.exp(logits - logits.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        gradient = ((p - truth).T @ x).ravel() + penalty * w.ravel()
        hessian = numpy.diag(penalty)
        for a in range(classes):
            for b in range(classes):
                weights = p[:, a] * ((a == b) - p[:, b])
                hessian[a * width:(a + 1) * width, b * width:(b + 1) * width] += (
                    x * weights[:, None]).T @ x
        step = numpy.linalg.solve(hessian, gradient)
        w -= step.reshape(w.shape)
        if numpy.abs(step).max() < 1e-8:
            break
    return w


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--data", required=True)
    arguments = parser.parse_args()
    model = os.path.join(arguments.data, "cifar10", "resnet56-4bfd9763.th")
    tests = os.path.join(arguments.data, "cifar10", "labels.csv")
    train = os.path.join(arguments.data, "cifar10-train", "batch_0.png")
    if not all(map(os.path.exists, (model, tests, train))):
        print(f"skipped: no data in {arguments.data}")
        return 77

    def run(command, *words):
        return subprocess.run([arguments.program, command, "--quiet", *words], check=True,
                              stdout=subprocess.PIPE).stdout

    with tempfile.TemporaryDirectory() as folder:
        photos, fitted = os.path.join(folder, "photos"), os.path.join(folder, "m.safetensors")
        names = write_images(arguments.data, photos)

        def features(name, *images):
            path = os.path.join(folder, name)
            run("features", "--model", model, "-o", path + ".npy", *images)
            with open(path + ".txt", encoding="utf-8") as file:
                return numpy.load(path + ".npy"), file.read().splitlines()

        learned, paths = features("learned", photos)
        labels = numpy.array([names.index(path.split(os.sep)[-2]) for path in paths])
        unseen, paths = features("unseen", os.path.join(arguments.data, "cifar10", "test"))
        with open(tests, encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        known = {os.path.basename(row["file"]): int(row["class"]) for row in rows}
        truth = numpy.array([known[os.path.basename(path)] for path in paths])
        begin = time.time()
        w = newton(learned, labels, 10)
        scores = unseen @ w[:, :-1].T + w[:, -1]
        expected = float((scores.argmax(1) == truth).mean())
        if LogisticRegression:
            begin = time.time()
            theirs = LogisticRegression(max_iter=5000).fit(learned, labels).score(unseen, truth)
            print(f"scikit-learn: {100 * theirs:.1f} % in {time.time() - begin:.1f} s")
            assert abs(theirs - expected) <= 0.004, (theirs, expected)
            expected = theirs
        else:
            print(f"Newton's method: {100 * expected:.1f} % in {time.time() - begin:.1f} s")
        said = json.loads(run("fit", "--model", model, photos, "-o", fitted, "--json"))
        found = json.loads(run("eval", "--model", fitted, "--labels", tests, "--json"))
        accuracy = found["top1"] / 100
        print(f"vkresnet fit: {100 * accuracy:.1f} % of {found['images']} images that it has not "
              f"seen; {100 * said['accuracy']:.1f} % of those held out; features "
              f"{said['features_ms'] / 1e3:.1f} s, classifier {said['fit_ms'] / 1e3:.1f} s")
        assert learned.shape == (10 * EACH, 64) and found["images"] == len(truth) == 500
        good = accuracy >= expected - POINT and said["fit_ms"] < SLOW_MS
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
