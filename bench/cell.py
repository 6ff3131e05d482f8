"""One engine with one network on one driver: a worker process, its answers, and what they amount
to."""

import array
import ctypes
import glob
import json
import math
import os
import queue
import shutil
import signal
import statistics
import subprocess
import tempfile
import threading

from engines import TooSlow, Unavailable, last_line

# Mesa, NVIDIA (Vulkan, CUDA): whatever keeps compiled code between runs.
NO_CACHES = {"MESA_SHADER_CACHE_DISABLE": "true", "__GL_SHADER_DISK_CACHE": "0",
             "CUDA_CACHE_DISABLE": "1"}


LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def die_with_parent():
    """Run in a new worker: whatever becomes of the script, no stopped process stays behind (Linux).
    """
    if hasattr(LIBC, "prctl"):
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def cache_environment(folder):
    """Where engines and drivers keep what they compiled or measured."""
    return {"XDG_CACHE_HOME": folder, "VKRESNET_CACHE": os.path.join(folder, "vkresnet"),
            "TORCHINDUCTOR_CACHE_DIR": os.path.join(folder, "inductor"),
            "TRITON_CACHE_DIR": os.path.join(folder, "triton")}


def in_folder(folder, pattern):
    found = glob.glob(os.path.join(folder, "root", pattern))
    if not found:
        raise Unavailable(f"{folder} has no {pattern}")
    return found[0]


def driver_environment(driver):
    """`driver`: an ICD file, a folder of scripts/unpack_driver.sh, or nothing."""
    if os.path.isdir(driver):
        driver = in_folder(driver, "usr/share/vulkan/icd.d/lvp_icd*.json")
    return {"VK_DRIVER_FILES": driver, "VK_ICD_FILENAMES": driver} if driver else {}


def driver_prefix(driver):
    """What stands before a command, so that it runs with the libraries of a driver's folder."""
    if not os.path.isdir(driver):
        return []
    libraries = os.path.dirname(in_folder(driver, "usr/lib/*/libvulkan_lvp.so"))
    return [in_folder(driver, "usr/lib*/ld-linux*"), "--library-path", libraries]


def read_floats(path):
    values = array.array("f")
    with open(path, "rb") as file:
        values.frombytes(file.read())
    return values


def relative_error(values, expected):
    """Relative L2. Infinite where the number of values is not the same, or one is not finite."""
    if len(values) != len(expected) or not all(map(math.isfinite, values)):
        return math.inf
    return math.dist(values, expected) / math.hypot(*expected)


class Worker:
    """A process that speaks protocol.py. Between requests it is stopped: some engines have threads
    that wait for work, or for the device, by spinning, and would slow down whoever has its turn."""

    def __init__(self, command, environment, log, limit):
        os.makedirs(os.path.dirname(log), exist_ok=True)
        self.log, self.idle_cpu, self.asked, self.last = log, 0.0, 0.0, None
        with open(log, "wb") as errors:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                bufsize=1,
                env={**os.environ, **environment},
                # A session of its own: a group with a stopped process gets
                # SIGHUP when the shell that began it ends.
                start_new_session=True,
                preexec_fn=die_with_parent)
        self.answers = queue.Queue()
        threading.Thread(target=self.listen, daemon=True).start()
        self.about = self.answer(limit)
        self.last = self.cpu_seconds()

    def listen(self):
        for line in self.process.stdout:
            self.answers.put(line)
        self.process.stdout.close()
        self.answers.put("")

    def answer(self, limit):
        try:
            line = self.answers.get(timeout=limit)
        except queue.Empty:
            self.stop(kill=True)
            raise TooSlow(f"no answer within {limit:.0f} s") from None
        try:
            message = json.loads(line) if line else {"error": ""}
        except ValueError:
            message = {"error": f"not an answer: {line.strip()[:100]}"}
        if "error" in message:
            status = self.stop(kill=False)
            died = f" (ended by signal {-status})" if status < 0 else ""
            raise Unavailable((message["error"] or last_line(self.log)) + died)
        self.process.send_signal(signal.SIGSTOP)
        return message

    def cpu_seconds(self):
        """None where the system does not tell."""
        try:
            with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as file:
                fields = file.read().rsplit(")", 1)[1].split()
        except OSError:
            return None
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def measure(self, seconds, limit):
        """The times of runs in a row, in milliseconds."""
        if self.last is not None:
            self.idle_cpu += self.cpu_seconds() - self.last
        self.process.send_signal(signal.SIGCONT)
        try:
            self.process.stdin.write(f"{seconds}\n")
        except OSError:
            pass  # it is dead, as its answer will say
        times = self.answer(limit)["ms"]
        self.last = self.cpu_seconds()
        return times

    def stop(self, kill=False):
        self.process.send_signal(signal.SIGCONT)
        try:
            self.process.stdin.close()
        except OSError:
            pass
        if kill:
            self.process.kill()
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


class Cell:
    """What is compared: results gather in `result`, the reason why there are none in
    result["reason"]."""

    def __init__(self, name, title, folder, about, driver):
        self.name, self.folder, self.about, self.worker = name, folder, about, None
        self.slices = []  # of each round, the times; [] where the cell was out
        self.result = {"name": name, "title": title, "driver": driver, "model": about["arch"],
                       "batch": about["batch"], "height": about["height"], "width": about["width"]}

    def label(self):
        result = self.result
        driver = f" on {result['driver']}" if result["driver"] else ""
        return f"{self.name}{driver}: {result['model']}, batch {result['batch']}"

    def give_up(self, reason):
        self.worker = None
        self.result["reason"] = " ".join(str(reason).split())
        print(f"not available: {self.label()}: {self.result['reason']}", flush=True)

    def begin(self, command, environment, work, limit, cold):
        """Starts the worker that stays. With `cold` two others come before it: one with no cache at
        all, whose start is the cold one, and one that fills the caches."""
        log = os.path.join(work, "log", self.label().replace(":", "").replace(" ", "-") + ".txt")
        cache = os.path.join(work, "cache", f"{self.name}-{self.result['driver']}")
        os.makedirs(cache, exist_ok=True)
        warm = {**environment, **cache_environment(cache)}
        if cold:
            empty = tempfile.mkdtemp(prefix="cold-", dir=work)
            try:
                worker = Worker(command, {**environment, **NO_CACHES, **cache_environment(empty)},
                                log, limit)
                self.result["cold_ms"] = worker.about["load_ms"] + worker.about["first_ms"]
                worker.stop()
                Worker(command, warm, log, limit).stop()
            finally:
                shutil.rmtree(empty, ignore_errors=True)
        self.worker = Worker(command, warm, log, limit)
        about = self.worker.about
        self.result.update(engine=about["engine"], device=about["device"],
                           device_driver=about.get("driver", ""))
        if cold:
            self.result["warm_ms"] = about["load_ms"] + about["first_ms"]

    def check(self, logits):
        error = relative_error(read_floats(logits),
                               read_floats(os.path.join(self.folder, "expected.f32")))
        self.result["error"] = error
        return error

    def run_slice(self, seconds, limit):
        if not self.worker:
            return
        try:
            self.slices.append(self.worker.measure(seconds, limit))
        except Unavailable as reason:
            self.give_up(reason)

    def finish(self, elapsed):
        """Stops the worker and sums up. Says when it was busy while others had their turn."""
        if not self.worker:
            return
        idle = self.worker.idle_cpu
        self.worker.stop()
        if elapsed > 0 and idle / elapsed > 0.03:
            print(
                f"warning: {self.label()} took {idle:.1f} s of processor time while it should have "
                f"been idle", flush=True)
        times = [time for part in self.slices for time in part]
        if not times:
            return
        medians = [statistics.median(part) for part in self.slices]
        median = statistics.median(medians)
        gflop = self.about["gflop"] * self.about["batch"]
        self.result.update(best_ms=min(times), median_ms=median, round_ms=medians, runs=len(times),
                           idle_cpu_s=idle, best_gflops=gflop / min(times) * 1e3,
                           median_gflops=gflop / median * 1e3)
