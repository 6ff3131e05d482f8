#!/usr/bin/env bash
# A script of this folder inside a bare Debian of another version; called by test.sh --lane.
#
#   scripts/lane.sh debian12|debian13|unstable FOLDER SCRIPT [ARGUMENT]...
#
# FOLDER is the Debian to make or to use; empty: one that is removed afterwards. What is mounted
# into it is mounted in a namespace of its own, which ends with this script, so nothing is left
# behind. Exits with 77, saying why, where such a folder cannot be made.
# shellcheck disable=SC2317 # step calls some functions
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

left_out() {
    say "Left out: the lane with the packages of $lane ($*)"
    exit 77
}

lane=$1
folder=$2
shift 2
case $lane in
debian12) suite=bookworm ;;
debian13) suite=trixie ;;
unstable) suite=sid ;;
*) fail "$lane: no such lane; there are debian12, debian13 and unstable" ;;
esac

if [ "${VRN_IN_NAMESPACE:-}" != 1 ]; then
    [ "$(id -u)" = 0 ] || left_out "it needs root"
    unshare --mount --propagation private true 2>/dev/null || left_out "no mount namespaces here"
    (require_packages debootstrap) || left_out "debootstrap cannot be installed"
    command -v debootstrap >/dev/null || left_out "no debootstrap here"
    if [ -z "$folder" ]; then
        mkdir -p "$build_root"
        folder=$(mktemp -d "$build_root/$lane.XXXXXX")
        # --one-file-system: should anything be mounted in there after all, it stays untouched.
        trap 'rm -rf --one-file-system "$folder"' EXIT
    fi
    mkdir -p "$folder"
    VRN_IN_NAMESPACE=1 unshare --mount --propagation private \
        bash "$0" "$lane" "$(realpath "$folder")" "$@"
    exit
fi

make_folder() {
    # shellcheck disable=SC2046 # no mirror, no argument
    debootstrap --variant=minbase "--cache-dir=$packages" "$suite" "$folder" $(debian_mirror)
}

# Packages are kept for the next time.
packages=$build_root/cache/$lane
mkdir -p "$packages"
if [ ! -e "$folder/usr/bin/apt-get" ]; then
    (step "Making a bare $lane with debootstrap" make_folder) || left_out "debootstrap failed"
fi

inside=$folder/vkresnet
mkdir -p "$inside/project" "$inside/shared/data" "$inside/build"
cp --remove-destination /etc/resolv.conf "$folder/etc/resolv.conf"
{
    mount --bind /proc "$folder/proc" &&
        mount --rbind /dev "$folder/dev" &&
        mount --bind "$packages" "$folder/var/cache/apt/archives" &&
        mount --bind "$project" "$inside/project" &&
        mount -o remount,bind,ro "$inside/project"
} || left_out "mounting is not allowed here"
if [ -d "$project/../shared/data" ]; then # where tests/CMakeLists.txt looks for it
    mount --bind "$project/../shared/data" "$inside/shared/data"
fi

script=$1
shift
status=0
chroot "$folder" env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    VRN_BUILD_ROOT=/vkresnet/build bash "/vkresnet/project/scripts/$script" "$@" || status=$?
if [ -d "$inside/build/log" ]; then
    mkdir -p "$build_root/log/$lane"
    cp "$inside"/build/log/* "$build_root/log/$lane/"
fi
[ $status != 77 ] || status=1 # from in there it does not mean "left out"
exit $status
