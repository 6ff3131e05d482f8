#!/usr/bin/env bash
# Every kernel on every case, those for cooperative matrices included, on a driver that has them: what
# tests/matrix/prove.sh runs in Debian unstable. Fails where no such kernel was run.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

require_packages "${build_packages[@]}" libcmocka-dev vulkan-validationlayers
build=$build_root/matrix
step "Configuring" cmake -S "$project" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release
step "Building" cmake --build "$build"
icd=$(lavapipe_icd) || fail "no lavapipe"
export VK_DRIVER_FILES=$icd VRN_TEST_REQUIRE_DEVICE=1 VKRESNET_CACHE=
"$build/vkresnet" info --with cooperative-matrix
"$build/vkresnet" selftest --with cooperative-matrix | tee "$build/selftest.txt" | grep -E "conv_matrix|kernels right"
grep -q '^conv  *conv_matrix.* right$' "$build/selftest.txt" ||
    fail "no kernel for cooperative matrices was run: this driver has none"
"$build/tests/test_ops"
