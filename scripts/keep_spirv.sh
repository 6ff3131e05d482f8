#!/usr/bin/env bash
# Makes shaders/kept/ anew: SPIR-V of the shaders that older compilers cannot compile, by
# glslang of Debian 13, so that builds with an older one have these kernels too. Its packages are
# fetched by apt into a folder of the build's and run from there; nothing is installed.
#
#   scripts/keep_spirv.sh [GLSLANG]    GLSLANG: this compiler instead
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

folder=$build_root/cache/glslang

# Debian 13's packages, with apt's own folders beside them.
fetch() {
    local deb
    rm -rf "$folder"
    mkdir -p "$folder"/{lists/partial,archives/partial,root}
    : >"$folder/status"
    printf 'deb [signed-by=%s] %s trixie main\n' \
        /usr/share/keyrings/debian-archive-keyring.gpg "$1" >"$folder/sources.list"
    local apt=(apt-get -q -y -o "Dir::Etc::sourcelist=$folder/sources.list"
        -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::lists=$folder/lists"
        -o "Dir::State::status=$folder/status" -o "Dir::Cache=$folder"
        -o APT::Install-Recommends=false -o Acquire::Retries=3)
    "${apt[@]}" update
    "${apt[@]}" install --download-only glslang-tools
    for deb in "$folder"/archives/*.deb; do dpkg-deb -x "$deb" "$folder/root"; done
    ln -sfn usr/lib "$folder/root/lib"
    ln -sfn usr/lib64 "$folder/root/lib64"
    # shellcheck disable=SC2016 # it is the script that expands this
    printf '#!/bin/sh\nroot=${0%%/*}/root\nexec %s --library-path %s %s "$@"\n' \
        '"$root"/usr/lib*/ld-linux*.so.*' "\"\$root/usr/lib/$(uname -m)-linux-gnu\"" \
        '"$root/usr/bin/glslangValidator"' >"$folder/glslangValidator"
    chmod +x "$folder/glslangValidator"
}

compiler=${1:-$folder/glslangValidator}
if [ $# = 0 ] && ! "$compiler" --version >/dev/null 2>&1; then
    mirror=$(debian_mirror)
    [ -n "$mirror" ] || fail "this is no Debian with a mirror: name a glslang 15.2"
    step "Unpacking glslang from Debian 13's packages" fetch "$mirror"
fi
exec python3 "$project/scripts/keep_spirv.py" --make "$compiler"
