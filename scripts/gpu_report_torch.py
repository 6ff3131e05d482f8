"""PyTorch beside VkResNet, for gpu_report.sh: a line of JSON for each way to run the network.

    gpu_report_torch.py resnet18|resnet50 [--quick] BATCH..

Random weights, inputs that are on the device already, and the device's own clock. Without PyTorch
it says so and ends well.
"""

import json
import statistics
import sys
import time

try:
    import torch
    from torch import nn
except ImportError:
    print(json.dumps({"engine": "PyTorch", "error": "is not installed"}))
    sys.exit(0)

LAYERS = {"resnet18": (False, [2, 2, 2, 2]), "resnet50": (True, [3, 4, 6, 3])}


def convolution(channels, out, kernel, stride=1):
    return [nn.Conv2d(channels, out, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(out)]


class Block(nn.Module):
    def __init__(self, channels, width, stride, bottleneck):
        super().__init__()
        out = width * 4 if bottleneck else width
        if bottleneck:
            parts = [*convolution(channels, width, 1), nn.ReLU(),
                     *convolution(width, width, 3, stride), nn.ReLU(), *convolution(width, out, 1)]
        else:
            parts = [*convolution(channels, width, 3, stride), nn.ReLU(),
                     *convolution(width, width, 3)]
        self.body = nn.Sequential(*parts)
        self.shortcut = nn.Identity()
        if stride != 1 or channels != out:
            self.shortcut = nn.Sequential(*convolution(channels, out, 1, stride))

    def forward(self, x):
        return torch.relu(self.body(x) + self.shortcut(x))


def network(name):
    bottleneck, counts = LAYERS[name]
    parts = [*convolution(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    channels = 64
    for stage, count in enumerate(counts):
        width = 64 << stage
        for index in range(count):
            parts.append(Block(channels, width, 2 if stage and not index else 1, bottleneck))
            channels = width * 4 if bottleneck else width
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 1000))


def measure(run, cuda, seconds):
    times, end = [], time.perf_counter() + seconds
    for _ in range(3):
        run()
    while time.perf_counter() < end or len(times) < 5:
        if cuda:
            first, last = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            first.record()
            run()
            last.record()
            last.synchronize()
            times.append(first.elapsed_time(last))
        else:
            begin = time.perf_counter()
            run()
            times.append((time.perf_counter() - begin) * 1e3)
    return statistics.median(times)


def graph_of(net, x):
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        for _ in range(3):
            net(x)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        net(x)
    return graph.replay


def main(arguments):
    quick = "--quick" in arguments
    name, *batches = [one for one in arguments if one != "--quick"]
    cuda = torch.cuda.is_available()
    device = "cuda" if cuda else "cpu"
    if cuda:
        torch.backends.cudnn.benchmark = True
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    ways = [("eager", torch.float32), ("eager, channels last", torch.float32)]
    if cuda:
        ways += [("eager, channels last", torch.float16), ("graph", torch.float32),
                 ("graph, channels last", torch.float16),
                 ("compiled, channels last", torch.float16), ("compiled", torch.float32)]
    side, seconds = (64, 0.5) if quick else (224, 1.5)
    for batch in map(int, batches):
        for way, kind in ways:
            line = {"engine": f"PyTorch {torch.__version__}, {way}", "model": name, "batch": batch,
                    "precision": "fp16" if kind is torch.float16 else "fp32",
                    "device": torch.cuda.get_device_name() if cuda else "CPU"}
            try:
                order = (torch.channels_last if "channels last" in way
                         else torch.contiguous_format)
                net = network(name).eval().to(device, kind, memory_format=order)
                x = torch.randn(batch, 3, side, side).to(device, kind, memory_format=order)
                with torch.inference_mode():
                    if "compiled" in way:
                        compiled = torch.compile(net)
                        run = lambda: compiled(x)
                    elif "graph" in way:
                        run = graph_of(net, x)
                    else:
                        run = lambda: net(x)
                    ms = measure(run, cuda, seconds)
                line.update(median_ms=ms, images_per_s=batch * 1e3 / ms)
            except (RuntimeError, ImportError, OSError) as error:
                line["error"] = str(error).split("\n", maxsplit=1)[0][:200]
            print(json.dumps(line), flush=True)


main(sys.argv[1:])
