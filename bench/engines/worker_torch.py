"""PyTorch: eager, or compiled (torch 2 and later). EXTRA: ARCH, cpu or cuda, eager or compile."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), os.path.join(HERE, "..", "..", "tests", "reference")]

import protocol  # before the engine

import torch

import resnet


def load(model, x, extra):
    arch, device, mode = extra
    if mode == "compile" and not hasattr(torch, "compile"):
        raise RuntimeError(f"PyTorch {torch.__version__} has no torch.compile")
    if device == "cuda":
        # float32 means float32, and the library may choose the algorithm by trying.
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
        torch.backends.cudnn.benchmark = True
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    net = resnet.build(arch)
    net.load_state_dict(torch.load(model, map_location="cpu"))
    net = net.eval().to(device)
    if device == "cuda":
        net = net.to(memory_format=torch.contiguous_format)
    run = torch.compile(net) if mode == "compile" else net

    def infer(x):
        # The copy back waits for the device: what is timed is from host memory to host memory.
        with torch.inference_mode():
            return run(torch.from_numpy(x).to(device)).cpu().numpy()

    name = torch.cuda.get_device_name() if device == "cuda" else "CPU"
    compiled = ", compiled" if mode == "compile" else ""
    return infer, {"engine": f"PyTorch {torch.__version__}{compiled}", "device": name}


protocol.main(load)
