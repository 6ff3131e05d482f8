#!/usr/bin/env bash
# The kernels for cooperative matrices on every case, with the validation layer, on a driver that has them: what
# tests/matrix/prove.sh runs in Debian unstable. Fails where one of the three kinds was not run. Ends with a summary.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

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
"$build/vkresnet" selftest --with $capabilities >"$selftest" || { cat "$selftest" && fail "the self-test"; }
say "Running the kernels ${kinds[*]} on every case (minutes)"
"$build/tests/test_ops" "${kinds[@]}" >"$ops" 2>&1 </dev/null || {
    tail -n 60 "$ops" >&2
    fail "a kernel is wrong"
}

say "Summary"
for kind in "${kinds[@]}"; do
    grep "^conv  *$kind.* right$" "$selftest" || fail "no kernel $kind.. was run: this driver or build has none"
done
tail -n 1 "$selftest"
say "$(grep 'times a kernel on a case' "$ops"), all right; no message of the validation layer"
