#!/usr/bin/env python3
"""Classifies the photos of a list on the actors of Ray Data: `pip install "ray[data]"`.

    with_ray.py LIST.txt OUTPUT.tsv [--model NAME|FILE] [--workers N] [--gpus-each G]

Each actor has a model and a device of its own. An actor that dies is started again, and its
batch is done again. On a cluster: `ray job submit`, or RAY_ADDRESS.
"""

import argparse
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import photos  # noqa: E402  (found by the line above; on a cluster, install it with the package)


class Classifier:
    """An actor: whatever it makes lives as long as it does."""

    def __init__(self, model):
        import ray
        gpus = ray.get_runtime_context().get_accelerator_ids().get("GPU", [])
        self.model, self.device = model, int(gpus[0]) if gpus else 0
        print(f"worker {os.getpid()}", flush=True)

    def __call__(self, batch):
        rows = photos.classify([str(path) for path in batch["item"]], self.model, self.device)
        path, label, probability = zip(*rows)
        return {"path": list(path), "label": list(label), "probability": list(probability)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("list")
    parser.add_argument("output")
    parser.add_argument("--model")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--gpus-each", type=float, default=0)
    parser.add_argument("--chunk", type=int, default=256, help="photos of one task")
    options = parser.parse_args()
    import ray
    ray.init(include_dashboard=False, runtime_env={
        "env_vars": {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}})
    paths = photos.read_list(options.list)
    result = ray.data.from_items(paths, override_num_blocks=-(-len(paths) // options.chunk)
                                 ).map_batches(
        Classifier, fn_constructor_args=(options.model,), batch_size=options.chunk,
        concurrency=options.workers, num_gpus=options.gpus_each, num_cpus=1)
    photos.write([(row["path"], row["label"], row["probability"]) for row in result.take_all()],
                 options.output)


if __name__ == "__main__":
    main()
