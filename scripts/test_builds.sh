#!/usr/bin/env bash
# Builds the library and the program for systems that are not this one, warnings being errors: for
# Windows with mingw-w64, and with `zig cc`, which pip brings (package ziglang), for macOS on arm64,
# Windows on arm64, and Linux on aarch64 with musl. Nothing is run. About ten minutes on two cores.
#
#   scripts/test_builds.sh
#
# Fails where zig cannot be installed.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

require_packages "${build_packages[@]}" "${test_packages[@]}" gcc-mingw-w64-x86-64 python3-venv
folder=$build_root/builds

install_zig() {
    /usr/bin/python3 -m venv "$build_root/zig" &&
        "$build_root/zig/bin/pip" install -q --disable-pip-version-check --retries 1 ziglang
}

if [ -z "${VRN_ZIG:-}" ]; then
    [ -x "$build_root/zig/bin/python" ] || step "builds: installing zig" install_zig
    VRN_ZIG=$("$build_root/zig/bin/python" -c \
        'import os, ziglang; print(os.path.join(os.path.dirname(ziglang.__file__), "zig"))')
    export VRN_ZIG
fi
step "builds: configuring" cmake -S "$project" -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=Release
(cd "$folder" && ctest -R '^(windows|cross)\.' --output-on-failure --no-tests=error </dev/null) |
    tee "$build_root/log/builds-ctest.txt"
! grep -q Skipped "$build_root/log/builds-ctest.txt" || fail "a build was left out"
