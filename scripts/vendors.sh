#!/usr/bin/env bash
# Compiles the chosen kernels for GPUs that this machine does not have. Fails if a kernel spills
# registers, uses private memory or does not compile (scripts/vendors.py). Fourteen GPUs of AMD,
# NVIDIA, Qualcomm, Apple and Intel, by Mesa's Vulkan drivers for this processor; --full: also those
# of Arm, Broadcom and Imagination, whose drivers are built for 64-bit Arm and run under qemu.
# Nothing runs on a GPU.
#
#   scripts/vendors.sh [--quick | --full] [--device NAME].. [--table FILE] [PROGRAM]
#
# Fetches the drivers, and libraries that pretend to be kernel drivers (shims), from Debian unstable
# into a folder of the build's, 335 MB, and keeps them. Intel's shim is in no package: it is built
# from Mesa's source once (scripts/intel_shim.sh), for which packages may be installed; so is, with
# --full, the program for 64-bit Arm. Devices for which that cannot be done are left out, with a
# word. Takes ten minutes; --quick two; --full five more.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

options=() program='' full=''
while [ $# -gt 0 ]; do
    case $1 in
    --quick) options+=("$1") ;;
    --full) full=1 ;;
    --device | --table)
        [ $# -gt 1 ] || fail "$1: of what?"
        options+=("$1" "$2")
        shift
        ;;
    -*) fail "$1: there is no such option" ;;
    *) program=$1 ;;
    esac
    shift
done
for one in "$build_root"/*/vkresnet; do
    [ -n "$program" ] || [ ! -x "$one" ] || program=$one
done
[ -x "$program" ] || fail "no vkresnet is built: name one"

packages=(mesa-vulkan-drivers mesa-drm-shim libvulkan1)
# unpack TITLE SUITE FOLDER
unpack() {
    [ -e "$3/complete" ] && return
    step "Unpacking Mesa's drivers and shims $1" unpack_packages "$2" "$3" "${packages[@]}"
    rm -rf "$3/archives"
    : >"$3/complete"
}

folder=$build_root/cache/vendors
unpack "from Debian unstable" sid "$folder"
libraries=$folder/root/usr/lib/$(uname -m)-linux-gnu
intel=$build_root/cache/intel-shim/libintel_noop_drm_shim.so
if [ -e "$intel" ] || bash "$project/scripts/intel_shim.sh" "$intel"; then
    cp "$intel" "$libraries/"
fi

# The program for 64-bit Arm, without what this build may have besides.
build_arm() {
    arm_toolchain "$work" && cmake -S "$project" -B "$work/build" -G Ninja \
        -DCMAKE_BUILD_TYPE=Release "-DCMAKE_TOOLCHAIN_FILE=$work/toolchain.cmake" \
        -DVRN_BUILD_EXAMPLES=OFF -DVRN_BUILD_TESTS=OFF -DVRN_PYTHON_PACKAGE=OFF &&
        cmake --build "$work/build" --target vkresnet_program
}
prepare_arm() {
    require_packages "${build_packages[@]}" "${arm_packages[@]}"
    unpack "for 64-bit Arm" sid:arm64 "$work/drivers"
    step "Building the program for 64-bit Arm" build_arm
}
if [ -n "$full" ]; then
    work=$build_root/cache/vendors-arm
    mkdir -p "$work"
    if (prepare_arm); then
        options+=(--arm qemu-aarch64-static "$work/build/vkresnet" "$work/drivers/root")
    else
        say "Left out: Mali, VideoCore and PowerVR, whose drivers cannot be run here"
    fi
fi
exec python3 "$project/scripts/vendors.py" "$program" "$folder/root" "${options[@]}"
