#!/usr/bin/env bash
# Builds and uses what other package managers have: the Conan recipe, by Conan, which pip brings;
# and the portfile for vcpkg, with stand-ins for vcpkg's functions and the system's packages
# (tests/install/vcpkg_port.cmake). Both as static and as shared libraries; the applications of
# tests/install are built with each package and run. About ten minutes on two cores.
#
#   scripts/prove_recipes.sh [conan|vcpkg]
#
# Exits with 77 where Conan cannot be installed.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

what=${1:-all}
case $what in
all | conan | vcpkg) ;;
*) fail "$what: conan or vcpkg" ;;
esac
work=$build_root/recipes
rm -rf "$work"
mkdir -p "$work"
require_packages "${build_packages[@]}" g++ python3-venv
icd=$(lavapipe_icd) || fail "no lavapipe"
export VK_DRIVER_FILES=$icd VK_ICD_FILENAMES=$icd VRN_TEST_REQUIRE_DEVICE=1

install_conan() {
    /usr/bin/python3 -m venv "$work/venv" &&
        "$work/venv/bin/pip" install -q --disable-pip-version-check --retries 1 'conan>=2,<3'
}

# Conan's own folder, so that no profile or package of this account takes part.
conan() {
    CONAN_HOME=$work/conan "$work/venv/bin/conan" "$@"
}

prove_conan() {
    (step "conan: installing it" install_conan) ||
        left_out "Conan cannot be installed (pip, python3-venv)"
    step "conan: looking at the compiler" conan profile detect
    # Nothing is written into the tree.
    cat >>"$work/conan/global.conf" <<END
tools.cmake.cmaketoolchain:generator=Ninja
tools.cmake.cmaketoolchain:user_presets=
tools.cmake.cmake_layout:test_folder=$work/conan-test
END
    step "conan: static libraries, the hub and the program" conan create \
        "$project/packaging/conan" --no-remote -o '&:hub=True' -o '&:program=True'
    step "conan: shared libraries" conan create "$project/packaging/conan" --no-remote \
        -o '&:shared=True'
}

# prove_vcpkg LINKAGE FEATURES
prove_vcpkg() {
    local folder=$work/vcpkg-$1 build
    step "vcpkg: the portfile, $1, $2" cmake "-DPROJECT=$project" "-DFOLDER=$folder" \
        "-DLINKAGE=$1" "-DFEATURES=$2" -P "$project/tests/install/vcpkg_port.cmake"
    build=$folder/consumer
    step "vcpkg: an application, $1" cmake -S "$project/packaging/conan/test_package" \
        -B "$build" -G Ninja "-DCMAKE_PREFIX_PATH=$folder/packages" -DCOMPONENTS=hub
    step "vcpkg: building it, $1" cmake --build "$build"
    step "vcpkg: running it, $1" "$build/plain" "$project/models/resnet20-cifar10.safetensors"
    step "vcpkg: running the hub's, $1" "$build/hub"
}

[ "$what" = vcpkg ] || prove_conan
if [ "$what" != conan ]; then
    prove_vcpkg static 'core;hub;tools'
    prove_vcpkg dynamic core
    "$work/vcpkg-static/packages/tools/vkresnet/vkresnet" --version
fi
say "the recipes are good on $(distribution)"
