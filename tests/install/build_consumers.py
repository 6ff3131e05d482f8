#!/usr/bin/env python3
"""Builds the consumers against an installed tree.

    build_consumers.py PREFIX LIBDIR FOLDER CC CXX PKG_CONFIG [CMAKE_OPTION]...

PREFIX: the tree. FOLDER receives what is built.
"""

import os
import shlex
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
CONSUMERS = os.path.join(HERE, "consumers")


def run(*command, **options):
    print("+", shlex.join(command), flush=True)
    return subprocess.run(command, check=True, text=True, **options)


def cmake(name, folder, *options):
    """Configures, builds and installs a consumer that is a CMake project; gives its build folder.
    """
    build = os.path.join(folder, name)
    run("cmake", "-S", os.path.join(CONSUMERS, name), "-B", build, "-DCMAKE_BUILD_TYPE=Release",
        *options)
    run("cmake", "--build", build, "--parallel", "2")
    return build


def flags(pkg_config, libdir, *options, package="vkresnet"):
    """What pkg-config says, for an installed tree in an unusual place."""
    environment = {**os.environ, "PKG_CONFIG_PATH": os.path.join(libdir, "pkgconfig")}
    return shlex.split(
        run(pkg_config, *options, package, env=environment, stdout=subprocess.PIPE).stdout)


def static_flags(pkg_config, libdir, package="vkresnet-hub"):
    """Of the project's libraries the static ones, by their files' names: the linker takes the
    shared one where both are there. Of all others whatever there is."""
    own = {"-lvkresnet_hub": "-l:libvkresnet_hub.a", "-lvkresnet": "-l:libvkresnet.a"}
    return [
        own.get(flag, flag)
        for flag in flags(pkg_config, libdir, "--libs", "--static", package=package)
    ]


def build_hub(prefix, libdir, folder, cc, pkg_config, *options):
    """Consumers of the hub, which need no device and so are run at once."""
    build = cmake("hub", folder, f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCMAKE_C_COMPILER={cc}",
                  *options)
    programs = [os.path.join(build, f"hub_{kind}") for kind in ("static", "shared", "usual")]
    compile_plain = [cc, "-Wall", "-Wextra", "-Werror", os.path.join(CONSUMERS, "hub", "main.c"),
                     *flags(pkg_config, libdir, "--cflags", package="vkresnet-hub")]
    programs += [os.path.join(folder, f"hub_pkg_{kind}") for kind in ("shared", "static")]
    run(*compile_plain, *flags(pkg_config, libdir, "--libs", package="vkresnet-hub"),
        f"-Wl,-rpath,{libdir}", "-o", programs[-2])
    run(*compile_plain, *static_flags(pkg_config, libdir), "-o", programs[-1])
    said = {run(program, stdout=subprocess.PIPE).stdout for program in programs}
    if len(said) != 1:
        sys.exit(f"the consumers of the hub differ: {said}")


def build_plugin(prefix, libdir, folder, cc, pkg_config):
    """A shared library with the static ones inside, which exports nothing of theirs."""
    plugin = os.path.join(folder, "plugin.so")
    run(cc, "-Wall", "-Werror", "-shared", "-fPIC", "-fvisibility=hidden",
        os.path.join(CONSUMERS, "plugin", "plugin.c"), "-I" + os.path.join(prefix, "include"),
        *static_flags(pkg_config, libdir), "-o", plugin)
    names = [line.split()[-1] for line in
             run("nm", "-D", "--defined-only", plugin, stdout=subprocess.PIPE).stdout.splitlines()]
    if names != ["plug"]:
        sys.exit(f"a plugin with the static libraries exports {names}")


def build_meson(libdir, folder, cc, pkg_config):
    """A Meson project, which finds both libraries by pkg-config. Its test looks at the hub."""
    meson = shutil.which("meson")
    if not meson:
        print("left out: the Meson project; meson is not installed")
        return
    build = os.path.join(folder, "meson")
    environment = {**os.environ, "CC": cc, "PKG_CONFIG": pkg_config, "PKG_CONFIG_PATH":
                   os.path.join(libdir, "pkgconfig")}
    run(meson, "setup", build, os.path.join(CONSUMERS, "meson"), env=environment)
    run(meson, "compile", "-C", build, "-j", "2")
    run(meson, "test", "-C", build, "--print-errorlogs")


def main(prefix, libdir, folder, cc, cxx, pkg_config, *options):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    libdir = os.path.join(prefix, libdir)

    cmake("volk", folder, f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCMAKE_C_COMPILER={cc}",
          f"-DCMAKE_CXX_COMPILER={cxx}", *options)

    compile_plain = [cc, "-Wall", "-Wextra", "-Werror", os.path.join(CONSUMERS, "plain", "main.c"),
                     *flags(pkg_config, libdir, "--cflags")]
    run(*compile_plain, *flags(pkg_config, libdir, "--libs"), f"-Wl,-rpath,{libdir}",
        "-o", os.path.join(folder, "plain_shared"))
    run(*compile_plain, *static_flags(pkg_config, libdir, package="vkresnet"), "-o",
        os.path.join(folder, "plain_static"))

    build_hub(prefix, libdir, folder, cc, pkg_config, *options)
    build_plugin(prefix, libdir, folder, cc, pkg_config)
    build_meson(libdir, folder, cc, pkg_config)

    run(cc, "-std=gnu11", "-Wall", "-Wextra", "-Werror", os.path.join(CONSUMERS, "dlopen",
                                                                      "main.c"),
        "-I" + os.path.join(prefix, "include"), "-ldl", "-o", os.path.join(folder, "opened"))
    shutil.copy(os.path.join(libdir, "libvkresnet.so"), os.path.join(folder, "libcopy.so"))

    build = cmake("subproject", folder, f"-DVKRESNET={SOURCE}", f"-DCMAKE_C_COMPILER={cc}",
                  "-DBUILD_SHARED_LIBS=ON", *options)
    run("cmake", "--install", build, "--prefix", os.path.join(folder, "subproject-installed"))
    if os.listdir(os.path.join(folder, "subproject-installed")) != ["bin"]:
        sys.exit("as a subproject, the library installs itself")


if __name__ == "__main__":
    main(*sys.argv[1:])
