#!/usr/bin/env python3
"""What the compilers of many makers' GPUs make of the kernels that are chosen there.

    vendors.py PROGRAM FOLDER [--arm QEMU PROGRAM FOLDER] [--quick] [--device NAME].. [--table FILE]

PROGRAM is vkresnet; FOLDER has Mesa's drivers and shims, as scripts/vendors.sh unpacks them: each
shim pretends to be a kernel's driver, so that the Vulkan driver compiles for a GPU that is not
there. After --arm follow an emulator of 64-bit Arm, a program and a folder for it: drivers of GPUs
that only such processors have. Fails where a chosen kernel spills registers, uses private memory,
or does not compile. Writes a Markdown table of the devices and kernels.
"""

import argparse
import collections
import glob
import json
import os
import platform
import subprocess
import sys

# Title, driver (its ICD file), shim, what chooses the device.
DEVICES = [
    ("RX 580", "radeon", "amdgpu", {"AMDGPU_GPU_ID": "polaris10"}),
    ("RX 7900 XTX", "radeon", "amdgpu", {"AMDGPU_GPU_ID": "navi31"}),
    ("RX 9070 XT", "radeon", "amdgpu", {"AMDGPU_GPU_ID": "gfx1201"}),
    ("NVIDIA Turing", "nouveau", "nouveau", {"NOUVEAU_CHIPSET": "162"}),
    ("NVIDIA Ampere", "nouveau", "nouveau", {"NOUVEAU_CHIPSET": "172"}),
    ("NVIDIA Ada", "nouveau", "nouveau", {"NOUVEAU_CHIPSET": "192"}),
    ("NVIDIA Blackwell", "nouveau", "nouveau", {"NOUVEAU_CHIPSET": "1b2"}),
    ("Adreno 740", "freedreno", "freedreno", {"FD_GPU_ID": "740"}),
    ("Apple M1", "asahi", "asahi", {}),
    ("Intel HD 530", "intel", "intel", {"INTEL_STUB_GPU_PLATFORM": "skl"}),
    ("Intel Iris Xe", "intel", "intel", {"INTEL_STUB_GPU_PLATFORM": "tgl"}),
    ("Arc A770M", "intel", "intel", {"INTEL_STUB_GPU_PLATFORM": "dg2"}),
    ("Lunar Lake", "intel", "intel", {"INTEL_STUB_GPU_PLATFORM": "lnl"}),
    ("Battlemage", "intel", "intel", {"INTEL_STUB_GPU_PLATFORM": "bmg"}),
]
ARM_DEVICES = [
    ("Mali-G610", "panfrost", "panfrost", {"PAN_GPU_ID": "a867"}),
    ("VideoCore 7.1", "broadcom", "v3d", {}),
    ("PowerVR BXS-4-64", "powervr_mesa", "powervr", {"PVR_I_WANT_A_BROKEN_VULKAN_DRIVER": "1"}),
]
NETWORKS = ["resnet18", "resnet50", "resnext50_32x4d"]
PRECISIONS = ["fp32", "fp16", "int8"]
BATCHES = [1, 64]


# Under the emulator compilers take ten times as long.
ARM_RUNS = [("resnet50", 1), ("resnet18", 64)]


def command(program, folder, driver, shim, qemu=None):
    """The program under the folder's own loader and libraries, and the driver's ICD file."""
    machine = "aarch64" if qemu else platform.machine()
    libraries = os.path.join(folder, "usr", "lib", f"{machine}-linux-gnu")
    loader = glob.glob(os.path.join(folder, "usr", "lib*", "ld-linux*.so.*"))
    preload = os.path.join(libraries, f"lib{shim}_noop_drm_shim.so")
    icd = sorted(glob.glob(os.path.join(folder, "usr", "share", "vulkan", "icd.d",
                                        f"{driver}_icd*.json")))
    if not loader or not icd or not os.path.exists(preload):
        return None, None
    if qemu:
        return [qemu, "-L", folder, "-E", f"LD_PRELOAD={preload}", program], icd[0]
    return [loader[0], "--library-path", libraries, "--preload", preload, program], icd[0]


def survey(start, icd, choose, network, precision, batch):
    # Neither the library nor Mesa may answer from what was compiled before.
    environment = {**os.environ, "VK_DRIVER_FILES": icd, "VKRESNET_CACHE": "",
                   "MESA_SHADER_CACHE_DISABLE": "true", **choose}
    run = subprocess.run(
        [*start, "info", "--kernels", "--json", "--arch", network, "--precision", precision,
         "--batch", str(batch)],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
        timeout=900)
    try:
        return json.loads(run.stdout)["kernels"] if run.returncode == 0 else run.stderr
    except (ValueError, KeyError):
        return run.stderr


def fault(entry):
    if (entry["spills"] or 0) > 0:
        return f"{entry['spills']:g} spills"
    if (entry["scratch_bytes"] or 0) > 0:
        return f"{entry['scratch_bytes']:g} bytes of private memory"
    return None


def judge(title, start, icd, choose, runs, rows):
    """Adds to `rows` what each chosen kernel takes at worst. Returns the faults."""
    faults, seen = [], False
    for network, precision, batch in runs:
        entries = survey(start, icd, choose, network, precision, batch)
        if isinstance(entries, str):
            last = (entries.strip().split("\n") or [""])[-1]
            faults.append(f"{title}, {network}, {precision}, batch {batch}: {last}")
            continue
        for entry in entries:
            if entry["op"] not in ("conv", "linear"):
                continue
            seen = True
            worst = rows[title].setdefault(entry["kernel"], {"registers": 0})
            worst["registers"] = max(worst["registers"], entry["registers"] or 0)
            worst["known"] = entry["registers"] is not None
            what = fault(entry)
            if what:
                worst["fault"] = what
                faults.append(f"{title}, {network}, {precision}, batch {batch}, "
                              f"{entry['layer']}: {entry['kernel']}: {what}")
    if not seen:
        faults.append(f"{title}: no kernel was compiled")
    return faults


def table(rows):
    titles = list(rows)
    kernels = sorted({kernel for row in rows.values() for kernel in row})
    lines = ["| kernel | " + " | ".join(titles) + " |", "|---" * (len(titles) + 1) + "|"]
    for kernel in kernels:
        cells = []
        for title in titles:
            entry = rows[title].get(kernel)
            text = "" if not entry else f"{entry['registers']:g}" if entry["known"] else "yes"
            cells.append(f"**{text}: {entry['fault']}**" if entry and "fault" in entry else text)
        lines.append(f"| {kernel} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("program")
    parser.add_argument("folder")
    parser.add_argument("--arm", nargs=3, metavar=("QEMU", "PROGRAM", "FOLDER"),
                        help="also GPUs of 64-bit Arm's processors")
    parser.add_argument("--quick", action="store_true", help="resnet50 in fp32 and fp16")
    parser.add_argument("--device", action="append", help="only those with this in their title")
    parser.add_argument("--table", help="where the table goes (default: standard output)")
    arguments = parser.parse_args()
    networks = ["resnet50"] if arguments.quick else NETWORKS
    precisions = PRECISIONS[:2] if arguments.quick else PRECISIONS
    runs = [(n, p, b) for n in networks for p in precisions for b in BATCHES]
    todo = [(arguments.program, arguments.folder, None, runs, one) for one in DEVICES]
    if arguments.arm:
        qemu, program, folder = arguments.arm
        arm_runs = [(n, p, b) for n, b in ARM_RUNS for p in PRECISIONS]
        todo += [(program, folder, qemu, arm_runs, one) for one in ARM_DEVICES]
    rows, faults = collections.OrderedDict(), []
    for program, folder, qemu, runs, (title, driver, shim, choose) in todo:
        if arguments.device and not any(one in title for one in arguments.device):
            continue
        start, icd = command(os.path.abspath(program), os.path.abspath(folder), driver, shim, qemu)
        if not start:
            print(f"{title}: left out: there is no shim for {shim}, or no driver", flush=True)
            continue
        rows[title] = {}
        found = judge(title, start, icd, choose, runs, rows)
        print(f"{title}: {len(rows[title])} kernels, {len(found)} faults", flush=True)
        for one in found:
            print(f"  {one}", flush=True)
        faults += found
    text = table(rows)
    if arguments.table:
        with open(arguments.table, "w", encoding="utf-8") as file:
            file.write(text)
    else:
        print(text)
    return 1 if faults or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
