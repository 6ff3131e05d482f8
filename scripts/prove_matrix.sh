#!/usr/bin/env bash
# Proves that the kernels for cooperative matrices compute right, without a GPU: the lavapipe of
# Debian unstable (Mesa 26) lists VK_KHR_cooperative_matrix and VK_NV_cooperative_matrix2 and
# emulates them. Makes a Debian unstable (scripts/lane.sh), builds in it, and runs the self-test and
# then these kernels on every case, with the validation layer. Fails where one of the three kinds of
# kernels was not run, and ends with a summary. Needs root, 1.5 GB and about ten minutes. Exits with
# 77 where such a Debian cannot be made.
#
#   scripts/prove_matrix.sh [FOLDER]     FOLDER: keep the Debian here, and use it if it is there
#   scripts/prove_matrix.sh --inside     on this machine, with its own driver
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

[ "${1:-}" = --inside ] ||
    exec bash "$project/scripts/lane.sh" unstable "${1:-}" prove_matrix.sh --inside

capabilities=cooperative-matrix,cooperative-matrix-2
kinds=(conv_matrix_ conv_int8_matrix_ conv_matrix2_)

require_packages "${build_packages[@]}" libcmocka-dev vulkan-validationlayers
build=$build_root/matrix
step "Configuring" cmake -S "$project" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release
step "Building" cmake --build "$build" --target vkresnet_program test_ops
icd=$(lavapipe_icd) || fail "no lavapipe"
export VK_DRIVER_FILES=$icd VRN_TEST_REQUIRE_DEVICE=1 VKRESNET_CACHE=
"$build/vkresnet" info --with $capabilities

mkdir -p "$build_root/log"
selftest=$build_root/log/selftest.txt ops=$build_root/log/test-ops.txt
say "Running the self-test, of all kernels"
"$build/vkresnet" selftest --with $capabilities >"$selftest" || {
    cat "$selftest"
    fail "the self-test"
}
say "Running the kernels ${kinds[*]} on every case (minutes)"
"$build/tests/test_ops" "${kinds[@]}" >"$ops" 2>&1 </dev/null || {
    tail -n 60 "$ops" >&2
    fail "a kernel is wrong"
}

say "Summary"
for kind in "${kinds[@]}"; do
    grep "^conv  *$kind.* right$" "$selftest" ||
        fail "no kernel $kind.. was run: this driver or build has none"
done
tail -n 1 "$selftest"
say "$(grep 'times a kernel on a case' "$ops"), all right; no message of the validation layer"
