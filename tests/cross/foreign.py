"""Functions that the builds for other systems share."""

import os
import subprocess


def link_headers(folder, vulkan, volk):
    """A folder with the headers that are the same everywhere, and with none of this system's C
    library."""
    os.makedirs(folder, exist_ok=True)
    for source in (os.path.join(vulkan, "vulkan"), os.path.join(vulkan, "vk_video"),
                   os.path.join(volk, "volk.h"), os.path.join(volk, "volk.c")):
        name = os.path.join(folder, os.path.basename(source))
        if os.path.lexists(name):
            os.unlink(name)
        os.symlink(source, name)


def build(source, folder, toolchain, headers, options):
    """Builds the project in folder/build, warnings being errors, and returns that folder.

    `toolchain` is a file of cmake/; `headers` are the include folders of Vulkan, volk and stb.
    """
    vulkan, volk, stb = headers
    links, binaries = os.path.join(folder, "headers"), os.path.join(folder, "build")
    link_headers(links, vulkan, volk)
    subprocess.run([
        "cmake", "-S", source, "-B", binaries, "-DCMAKE_BUILD_TYPE=Release", "-DVRN_WERROR=ON",
        f"-DCMAKE_TOOLCHAIN_FILE={source}/cmake/{toolchain}", "-DVRN_BUILD_TESTS=OFF",
        f"-DVULKAN_HEADERS_INCLUDE_DIR={links}", f"-DVOLK_INCLUDE_DIR={links}",
        f"-DVOLK_SOURCE={links}/volk.c", f"-DSTB_INCLUDE_DIR={stb}", *options
    ], check=True)
    subprocess.run(["cmake", "--build", binaries, "--parallel", "2"], check=True)
    return binaries
