"""Conan 2 recipe: builds the tree that it lies in, and packages one kind of the libraries.

    conan create packaging/conan                     # static; -o "&:shared=True" for shared

Vulkan's headers, volk, stb and glslang are the system's, as for any build (docs/building.md).
"""

import os
import re

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rmdir
from conan.tools.system.package_manager import Apt

required_conan_version = ">=2.0"


class VkResNet(ConanFile):
    name = "vkresnet"
    description = "ResNet inference on any Vulkan device"
    license = "MIT"
    topics = ("vulkan", "resnet", "inference", "image-classification")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {
        "shared": [True, False],
        "fPIC": [True, False],
        "hub": [True, False],  # downloads of weights: libcurl and OpenSSL
        "program": [True, False],
    }
    default_options = {"shared": False, "fPIC": True, "hub": False, "program": False}
    languages = "C"
    implements = ["auto_shared_fpic"]

    @property
    def _tree(self):
        return os.path.join(self.recipe_folder, "..", "..")

    def set_version(self):
        header = load(self, os.path.join(self._tree, "include", "vkresnet", "vkresnet.h"))
        numbers = re.findall(r"^#define VRN_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)$", header, re.M)
        self.version = ".".join(numbers)

    def export_sources(self):
        for pattern in ("CMakeLists.txt", "LICENSE", "cmake/*", "data/*", "include/*", "models/*",
                        "shaders/*", "src/*"):
            copy(self, pattern, self._tree, self.export_sources_folder)

    def layout(self):
        cmake_layout(self)

    def validate(self):
        if self.settings.compiler == "msvc":
            raise ConanInvalidConfiguration("MSVC does not build vkresnet; use gcc or clang")

    def system_requirements(self):
        packages = ["glslang-tools", "libvulkan-dev", "libvulkan-volk-dev"]
        if self.options.program:
            packages.append("libstb-dev")
        if self.options.hub:
            packages += ["libcurl4-openssl-dev", "libssl-dev"]
        Apt(self).install(packages)

    def generate(self):
        toolchain = CMakeToolchain(self)
        variables = toolchain.cache_variables
        variables["VRN_INSTALL_KINDS"] = "shared" if self.options.shared else "static"
        variables["VRN_HUB"] = "ON" if self.options.hub else "OFF"
        variables["VRN_BUILD_PROGRAM"] = bool(self.options.program)
        for left_out in ("BUILD_TESTS", "BUILD_EXAMPLES", "PYTHON_PACKAGE", "LIBJPEG", "LIBWEBP",
                         "LIBAVIF", "LIBHEIF", "LIBTIFF", "LIBJXL"):
            variables["VRN_" + left_out] = False
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        # Conan writes files of its own for CMake and pkg-config.
        for folder in ("cmake", "pkgconfig"):
            rmdir(self, os.path.join(self.package_folder, "lib", folder))

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "vkresnet")
        self.cpp_info.set_property("cmake_target_name", "vkresnet::all")
        core = self.cpp_info.components["core"]
        core.set_property("cmake_target_name", "vkresnet::vkresnet")
        core.set_property("pkg_config_name", "vkresnet")
        core.libs = ["vkresnet"]
        hub = self.cpp_info.components["hub"]
        hub.set_property("cmake_target_name", "vkresnet::hub")
        hub.set_property("pkg_config_name", "vkresnet-hub")
        hub.requires = ["core"]
        hub.libs = ["vkresnet_hub"]
        if not self.options.shared:
            if self.settings.os != "Windows":
                core.system_libs = ["m", "pthread"]
            if self.settings.os == "Linux":
                core.system_libs.append("dl")
            if self.options.hub:
                hub.system_libs = ["curl", "crypto"]
