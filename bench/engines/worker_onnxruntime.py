"""ONNX Runtime. EXTRA: cpu or webgpu (on Vulkan, in the wheel onnxruntime-webgpu)."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import protocol  # before the engine

import onnxruntime


PROVIDERS = {"cpu": ("CPUExecutionProvider", ""), "webgpu": ("WebGpuExecutionProvider", ", WebGPU")}


def load(model, x, extra):
    provider, suffix = PROVIDERS[extra[0]]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = len(os.sched_getaffinity(0))
    # Idle threads must not take the processor from the engine whose turn it is.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(model, options, providers=[provider])
    if session.get_providers()[0] != provider:
        raise RuntimeError(f"{provider} found no device, and fell back to the CPU")
    return (lambda x: session.run(None, {"input": x})[0],
            {"engine": f"ONNX Runtime {onnxruntime.__version__}{suffix}", "device": provider})


protocol.main(load)
