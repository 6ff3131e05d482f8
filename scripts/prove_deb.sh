#!/usr/bin/env bash
# Builds the Debian packages and uses them in a bare Debian of this machine's release, which
# debootstrap fills: the program classifies, and an example that is compiled there runs. Needs root.
#
#   scripts/prove_deb.sh [BUILD_FOLDER]     a build that is there already; else one is made
#
# Exits with 77 where such a Debian cannot be made.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

is_debian || left_out "this is no Debian"
[ "$(id -u)" = 0 ] || left_out "it needs root"
if [ "${VRN_IN_NAMESPACE:-}" != 1 ]; then
    unshare --mount --propagation private true 2>/dev/null || left_out "no mount namespaces here"
    folder=$(mktemp -d)
    # --one-file-system: should anything be mounted in there after all, it stays untouched.
    trap 'rm -rf --one-file-system "$folder"' EXIT
    VRN_IN_NAMESPACE=1 unshare --mount --propagation private bash "$0" "$@" -- "$folder"
    exit
fi
folder=${!#}
build=$build_root/deb
[ "$1" = -- ] || build=$(realpath "$1")

require_packages "${build_packages[@]}" dpkg-dev file debootstrap
if [ "$1" = -- ]; then
    step "deb: configuring" cmake -S "$project" -B "$build" -G Ninja \
        -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=/usr -DVRN_BUILD_TESTS=OFF \
        -DVRN_BUILD_EXAMPLES=OFF -DVRN_PYTHON_PACKAGE=OFF
    step "deb: building" cmake --build "$build"
fi
rm -rf "$build/packages"
step "deb: packing" cpack --config "$build/CPackConfig.cmake" -G DEB -B "$build/packages"
packages=("$build"/packages/*.deb)
[ ${#packages[@]} = 3 ] || fail "expected three packages, found ${#packages[*]}"

suite=$(debian_suite)
step "deb: making a bare $suite" debootstrap --variant=minbase "$suite" "$folder" ||
    left_out "debootstrap failed"
cp --remove-destination /etc/resolv.conf "$folder/etc/resolv.conf"
mount --bind /proc "$folder/proc"
mkdir "$folder/try"
cp "${packages[@]}" "$folder/try"
cp -r "$project/samples" "$project/examples/classify.c" "$project/models" "$folder/try"
cat >"$folder/try/use.sh" <<'END'
set -eu
cd /try
apt-get -q update
DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends ./*.deb \
    mesa-vulkan-drivers gcc libc6-dev pkgconf libstb-dev
vkresnet classify samples/ship.png | grep "ship.png.ship"
man_page=/usr/share/man/man1/vkresnet.1
[ -s "$man_page" ] || [ -s "$man_page.gz" ]
cc -I/usr/include/stb classify.c $(pkg-config --cflags --libs vkresnet) -lm -o classify
./classify models/resnet20-cifar10.safetensors samples/truck.png | grep truck
apt-get -q -y remove vkresnet libvkresnet-dev
! command -v vkresnet
END
step "deb: using the packages in it" chroot "$folder" env -i HOME=/root LANG=C.UTF-8 \
    PATH=/usr/sbin:/usr/bin:/sbin:/bin bash /try/use.sh
say "deb: $(basename -a "${packages[@]}" | tr '\n' ' ')are good on $(distribution)"
