#!/usr/bin/env python3
"""Classifies the photos of a list on the workers of Dask: `pip install distributed`.

    with_dask.py LIST.txt OUTPUT.tsv [--model NAME|FILE] [--workers N | --scheduler ADDRESS]

Without a scheduler it starts worker processes here. Each has a model and, where there are several,
a device of its own. A worker that dies is replaced, and what it had not finished is done again.
"""

import argparse
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import photos  # noqa: E402  (found by the line above; on a cluster, install it with the package)


def work(paths, model):
    from distributed import get_worker
    name = get_worker().name
    return photos.classify(paths, model, name if isinstance(name, int) else 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("list")
    parser.add_argument("output")
    parser.add_argument("--model")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--scheduler", help="of a cluster that runs already")
    parser.add_argument("--chunk", type=int, default=256, help="photos of one task")
    options = parser.parse_args()
    from distributed import Client, LocalCluster, as_completed
    if options.scheduler:
        client = Client(options.scheduler)
    else:
        client = Client(LocalCluster(n_workers=options.workers, threads_per_worker=1,
                                     dashboard_address=None))
    rows = []
    with client:
        tasks = client.map(work, photos.chunks(photos.read_list(options.list), options.chunk),
                           model=options.model, retries=3, pure=False)
        print("workers", *client.run(os.getpid).values(), flush=True)
        for task in as_completed(tasks):
            rows += task.result()
            print(len(rows), "photos", flush=True)
    photos.write(rows, options.output)


if __name__ == "__main__":
    main()
