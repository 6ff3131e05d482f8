"""The engines that bench/compare knows: how each is installed, given a model, and started.

A worker is a process that keeps one network loaded (../protocol.py). Each engine's packages are in
a virtual environment of its own, made from requirements/NAME.txt when it is first needed.
"""

import dataclasses
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


class Unavailable(Exception):
    """Why an engine cannot take part; one line."""


class TooSlow(Unavailable):
    """It may work, but there is no waiting for it."""


def run(command, log, seconds=1800, environment=None):
    """Runs to the end; when it fails, the last line that it said is the reason."""
    os.makedirs(os.path.dirname(log), exist_ok=True)
    with open(log, "ab") as file:
        try:
            status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                                    timeout=seconds, env=environment, check=False).returncode
        except subprocess.TimeoutExpired as late:
            raise Unavailable(
                f"{os.path.basename(command[0])}: not done in {seconds:.0f} s") from late
        except OSError as problem:
            raise Unavailable(f"{os.path.basename(command[0])}: {problem.strerror}") from problem
    if status != 0:
        raise Unavailable(
            f"{os.path.basename(command[0])}: {last_line(log)} (exit status {status})")


def last_line(log):
    with open(log, encoding="utf-8", errors="replace") as file:
        lines = [line.strip() for line in file if line.strip()]
    return lines[-1][:300] if lines else "no message"


def convert_ncnn(python, folder, log):
    """By pnnx, from TorchScript; its program needs no torch, its Python package would. One image.
    """
    done = subprocess.run([python, "-c", "import importlib.util as u; "
                           "print(u.find_spec('pnnx').submodule_search_locations[0])"],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unavailable("the package pnnx is missing")
    size = os.path.basename(folder).split("-")[1].replace("x", ",")
    work = os.path.join(folder, "ncnn.new")
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    shutil.copy(os.path.join(folder, "model.pt"), work)
    run([os.path.join(done.stdout.strip(), "pnnx"), os.path.join(work, "model.pt"),
         f"inputshape=[1,3,{size}]f32", "fp16=0"], log)
    shutil.copy(os.path.join(work, "model.ncnn.bin"), os.path.join(folder, "model.ncnn.bin"))
    return os.path.join(work, "model.ncnn.param")


def convert_iree(python, folder, log):
    tools = os.path.dirname(python)
    made = os.path.join(folder, "iree.new")
    run([os.path.join(tools, "iree-import-onnx"), os.path.join(folder, "model.onnx"), "-o",
         made + ".mlir", "--opset-version", "17"], log)
    run([os.path.join(tools, "iree-compile"), made + ".mlir", "-o", made,
         "--iree-hal-target-device=vulkan"], log)
    return made


def convert_mnn(python, folder, log):
    made = os.path.join(folder, "mnn.new")
    run([os.path.join(os.path.dirname(python), "mnnconvert"), "-f", "ONNX", "--modelFile",
         os.path.join(folder, "model.onnx"), "--MNNModel", made, "--bizCode", "vkresnet"], log)
    return made


@dataclasses.dataclass(frozen=True)
class Engine:
    title: str
    worker: str                 # the script beside this file; "": this library's own program
    vulkan: bool                # runs once for each driver
    model: str = "model.onnx"   # in the folder of prepare.py
    convert: object = None  # makes that file, once: (python, folder, log) -> what to rename to it
    environment: str = ""       # whose virtual environment, and requirements/NAME.txt
    extra: tuple = ()           # further arguments of the worker; {arch} and {device} are filled in


ENGINES = {
    "vkresnet": Engine("VkResNet", "", True, "model.pth"),
    "vkresnet-tuned": Engine("VkResNet, tuned", "", True, "model.pth", extra=("tune",)),
    "ncnn": Engine("ncnn", "worker_ncnn.py", True, "model.ncnn.param", convert_ncnn, "ncnn"),
    "iree": Engine("IREE", "worker_iree.py", True, "model.vmfb", convert_iree, "iree"),
    "mnn": Engine("MNN", "worker_mnn.py", True, "model.mnn", convert_mnn, "mnn"),
    "onnxruntime-webgpu": Engine("ONNX Runtime, WebGPU", "worker_onnxruntime.py", True,
                                 environment="onnxruntime-webgpu", extra=("webgpu",)),
    "onnxruntime": Engine("ONNX Runtime", "worker_onnxruntime.py", False,
                          environment="onnxruntime", extra=("cpu",)),
    "torch": Engine("PyTorch", "worker_torch.py", False, "model.pth", environment="torch",
                    extra=("{arch}", "{device}", "eager")),
    "torch-compile": Engine("PyTorch, compiled", "worker_torch.py", False, "model.pth",
                            environment="torch", extra=("{arch}", "{device}", "compile")),
}


class Installation:
    """Where the engines' interpreters are. `given`: {environment: python} that a person named."""

    def __init__(self, work, given):
        self.work, self.known, self.failed = work, dict(given), {}

    def python(self, environment):
        if environment in self.failed:
            raise Unavailable(self.failed[environment])
        if environment not in self.known:
            try:
                self.known[environment] = self.find(environment)
            except Unavailable as reason:
                self.failed[environment] = str(reason)
                raise
        return self.known[environment]

    def find(self, environment):
        if environment == "torch":
            # Often the distribution's: torch's own wheel weighs gigabytes.
            for python in dict.fromkeys(["/usr/bin/python3", sys.executable]):
                if os.path.exists(python) and subprocess.run(
                        [python, "-c", "import torch, torchvision, numpy"], check=False,
                        stdin=subprocess.DEVNULL, capture_output=True).returncode == 0:
                    return python
        return self.install(environment)

    def install(self, environment):
        folder = os.path.join(self.work, "venv", environment)
        python = os.path.join(folder, "bin", "python")
        wanted = os.path.join(HERE, "..", "requirements", f"{environment}.txt")
        stamp = os.path.join(folder, "requirements.txt")
        with open(wanted, encoding="utf-8") as file:
            text = file.read()
        if os.path.exists(stamp):
            with open(stamp, encoding="utf-8") as file:
                if file.read() == text:
                    return python
        print(f"installing {environment} into {folder}", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        log = os.path.join(self.work, "log", f"install-{environment}.txt")
        run([sys.executable, "-m", "venv", folder], log)
        # Requirements come whole, as the files list them: pnnx would bring torch along, unused.
        run([
            python, "-m", "pip", "install", "--disable-pip-version-check", "--no-deps", "-r", wanted
        ], log)
        with open(stamp, "w", encoding="utf-8") as file:
            file.write(text)
        return python


def prepare_model(installation, arch, size, batch):
    """The folder of prepare.py for one network, made if it is not there."""
    folder = os.path.join(installation.work, "models", f"{arch}-{size}-b{batch}")
    if not os.path.exists(os.path.join(folder, "about.json")):
        os.makedirs(folder, exist_ok=True)
        script = os.path.join(HERE, "..", "prepare.py")
        log = os.path.join(installation.work, "log", f"prepare-{os.path.basename(folder)}.txt")
        run([installation.python("torch"), "-B", script, folder, arch, size, str(batch)], log)
    return folder


def converted(installation, name, folder):
    """The path of the model in the engine's own format."""
    engine = ENGINES[name]
    path = os.path.join(folder, engine.model)
    if engine.convert and not os.path.exists(path):
        log = os.path.join(installation.work, "log",
                           f"convert-{name}-{os.path.basename(folder)}.txt")
        os.replace(engine.convert(installation.python(engine.environment), folder, log), path)
    return path


def command(installation, name, folder, about, device, own_worker, logits):
    """The command line of a worker."""
    engine = ENGINES[name]
    path = converted(installation, name, folder)
    size = [str(about[key]) for key in ("batch", "height", "width")]
    start = [own_worker]
    if engine.worker:
        start = [installation.python(engine.environment), "-B", os.path.join(HERE, engine.worker)]
    extra = [text.format(arch=about["arch"], device=device) for text in engine.extra]
    return [*start, path, *size, os.path.join(folder, "input.f32"), logits, *extra]
