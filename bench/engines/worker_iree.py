"""IREE on Vulkan. MODEL: the compiled .vmfb."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import protocol  # before the engine

from importlib import metadata

import iree.runtime
from iree.runtime import BufferUsage, HalFence, MemoryType


def read(device, array):
    """array.to_host() by way of a staging buffer. In IREE 3.13 its own way imports the host's
    memory, which fails where that does not begin at the driver's alignment (4096 on lavapipe)."""
    source = array._buffer_view.get_buffer()
    staging = device.allocator.allocate_buffer(
        memory_type=int(MemoryType.HOST_LOCAL | MemoryType.DEVICE_VISIBLE),
        allowed_usage=int(BufferUsage.TRANSFER_TARGET | BufferUsage.MAPPING_SCOPED),
        allocation_size=source.byte_length())
    semaphore = device.create_semaphore(0)
    device.queue_copy(source, staging, wait_semaphores=HalFence.create_at(semaphore, 0),
                      signal_semaphores=HalFence.create_at(semaphore, 1))
    HalFence.create_at(semaphore, 1).wait()
    return staging.map().asarray(array.shape, array.dtype).copy()


def load(model, x, extra):
    device = iree.runtime.get_device("vulkan")
    context = iree.runtime.SystemContext(config=iree.runtime.Config(device=device))
    module = iree.runtime.VmModule.mmap(context.instance, model)
    names = [name for name in module.function_names
             if not name.startswith("__") and not name.endswith("$async")]
    context.add_vm_module(module)
    function = context.modules[module.name][names[0]]

    def infer(x):
        return read(device, function(x))

    return infer, {"engine": f"IREE {metadata.version('iree-base-runtime')}", "device": str(device)}


protocol.main(load)
