"""ncnn on Vulkan. MODEL: the .param file, with the .bin beside it. ncnn takes one image at a time.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import protocol  # before the engine

import ncnn
import numpy


def load(model, x, extra):
    if ncnn.get_gpu_count() == 0:
        raise RuntimeError("ncnn sees no Vulkan device")
    net = ncnn.Net()
    net.opt.use_vulkan_compute = True
    # float32 throughout: the default is half precision where the device has it.
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    net.opt.use_bf16_storage = False
    net.opt.num_threads = len(os.sched_getaffinity(0))
    if net.load_param(model) != 0 or net.load_model(model[: -len("param")] + "bin") != 0:
        raise RuntimeError(f"ncnn cannot load {model}")

    def infer_one(image):
        extractor = net.create_extractor()
        extractor.input("in0", ncnn.Mat(image))
        status, logits = extractor.extract("out0")
        if status != 0:
            raise RuntimeError(f"ncnn's extract returned {status}")
        return numpy.array(logits)

    def infer(x):
        return numpy.stack([infer_one(image) for image in x])

    about = {"engine": f"ncnn {ncnn.__version__}", "device": ncnn.get_gpu_info(0).device_name()}
    return infer, about


protocol.main(load)
