#!/usr/bin/env bash
# What the compilers of nine GPUs that are not here make of the kernels that are chosen on them:
# fails where one spills registers, uses private memory or does not compile (scripts/vendors.py).
# Fetches Mesa's Vulkan drivers, and its shims for kernels' drivers, from Debian unstable into a
# folder of the build's, 335 MB, and keeps them. Nothing is installed, and nothing runs on a GPU.
# Takes ten minutes; --quick two.
#
#   scripts/vendors.sh [--quick] [--device NAME].. [--table FILE] [PROGRAM]
#
# Intel's shim is in no package: devices without a shim are left out, with a word.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

options=() program=
while [ $# -gt 0 ]; do
    case $1 in
    --quick) options+=("$1") ;;
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

folder=$build_root/cache/vendors
[ -e "$folder/complete" ] || {
    step "Unpacking Mesa's drivers and shims from Debian unstable" unpack_packages sid "$folder" \
        mesa-vulkan-drivers mesa-drm-shim libvulkan1
    rm -rf "$folder/archives"
    : >"$folder/complete"
}
exec python3 "$project/scripts/vendors.py" "$program" "$folder/root" "${options[@]}"
