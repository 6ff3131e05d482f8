#!/usr/bin/env bash
# Builds a library that pretends to be Intel's kernel driver, for scripts/vendors.sh: Mesa has its
# source, and Debian's packages leave it out. Takes Mesa's source and meson from Debian 13, 40 MB,
# and three minutes on one free core. It works under Mesa's drivers of later versions too.
#
#   scripts/intel_shim.sh FILE
#
# Exits with 77, saying why, where it cannot be built.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

[ $# = 1 ] || fail "usage: scripts/intel_shim.sh FILE"
is_debian || left_out "Intel's shim is built from Debian's source of Mesa"
(require_packages gcc g++ ninja-build pkgconf python3 python3-mako python3-yaml bison flex \
    glslang-tools libdrm-dev zlib1g-dev libexpat1-dev) ||
    left_out "what building Mesa takes cannot be installed"
mkdir -p "$(dirname "$1")" "$build_root"
file=$(realpath -m "$1")
work=$(mktemp -d "$build_root/intel-shim.XXXXXX")
trap 'rm -rf "$work"' EXIT

# shellcheck disable=SC2317 # step calls it
fetch() {
    local apt
    private_apt trixie "$work/apt" || return 1
    cd "$work/apt" || return 1
    "${apt[@]}" source --download-only mesa && "${apt[@]}" download meson || return 1
    mkdir "$work/mesa"
    tar -xf "$work"/apt/mesa_*.orig.tar.[gx]z -C "$work/mesa" --strip-components=1 &&
        dpkg-deb -x "$work"/apt/meson_*.deb "$work/meson"
}

# The library, as Mesa describes it among its tools, without these tools and what they need.
# Nothing of the driver intel_hasvk is built; it lets meson find the library's parts.
# shellcheck disable=SC2317 # step calls it
build() {
    local meson=$work/meson/usr/bin/meson path=/usr/bin:/bin
    export PYTHONPATH=$work/meson/usr/lib/python3/dist-packages
    cat >>"$work/mesa/src/intel/meson.build" <<'END'
shared_library(
  'intel_noop_drm_shim',
  ['tools/intel_noop_drm_shim.c', intel_dev_serialize_src],
  include_directories : [inc_include, inc_src, inc_intel],
  dependencies : [dep_libdrm, dep_drm_shim, idep_mesautil, idep_libintel_common, idep_intel_dev,
                  idep_parson],
  gnu_symbol_visibility : 'hidden',
)
END
    PATH=$path /usr/bin/python3 "$meson" setup "$work/build" "$work/mesa" --buildtype=plain \
        -Dvulkan-drivers=intel_hasvk -Dgallium-drivers= -Dtools=drm-shim -Dplatforms= \
        -Dglx=disabled -Degl=disabled -Dgbm=disabled -Dopengl=false -Dllvm=disabled \
        -Dvalgrind=disabled -Dlibunwind=disabled || return 1
    PATH=$path nice ninja -C "$work/build" -j1 src/intel/libintel_noop_drm_shim.so || return 1
    cp "$work/build/src/intel/libintel_noop_drm_shim.so" "$file"
}

(step "Fetching Debian 13's source of Mesa" fetch) || left_out "no source of Mesa"
(step "Building Intel's shim" build) || left_out "Intel's shim does not build here"
