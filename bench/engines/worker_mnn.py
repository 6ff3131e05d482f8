"""MNN on Vulkan. MODEL: the converted .mnn file."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import protocol  # before the engine

import MNN
import numpy


def load(model, x, extra):
    interpreter = MNN.Interpreter(model)
    session = interpreter.createSession(
        {"backend": "VULKAN", "precision": "high", "numThread": len(os.sched_getaffinity(0))})
    # MNN falls back to the processor by itself, and says so on standard output at most.
    backend = interpreter.getSessionInfo(session, 2) if hasattr(interpreter,
                                                                "getSessionInfo") else None
    if backend not in (7, [7]):  # MNN_FORWARD_VULKAN
        raise RuntimeError(
            f"the wheel MNN {MNN.version()} has no Vulkan backend: it took backend {backend}")
    source = interpreter.getSessionInput(session)
    logits = interpreter.getSessionOutput(session)
    shape = numpy.empty(logits.getShape(), numpy.float32)

    def infer(x):
        source.copyFrom(
            MNN.Tensor(x.shape, MNN.Halide_Type_Float, x, MNN.Tensor_DimensionType_Caffe))
        interpreter.runSession(session)
        host = MNN.Tensor(shape.shape, MNN.Halide_Type_Float, shape, MNN.Tensor_DimensionType_Caffe)
        logits.copyToHostTensor(host)
        return numpy.array(host.getNumpyData(), numpy.float32)

    return infer, {"engine": f"MNN {MNN.version()}", "device": "Vulkan"}


protocol.main(load)
