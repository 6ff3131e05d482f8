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

fetch() {
    unpack_packages trixie "$folder" glslang-tools
    # shellcheck disable=SC2016 # it is the script that expands this
    printf '#!/bin/sh\nroot=${0%%/*}/root\nexec %s --library-path %s %s "$@"\n' \
        '"$root"/usr/lib*/ld-linux*.so.*' "\"\$root/usr/lib/$(uname -m)-linux-gnu\"" \
        '"$root/usr/bin/glslangValidator"' >"$folder/glslangValidator"
    chmod +x "$folder/glslangValidator"
}

compiler=${1:-$folder/glslangValidator}
if [ $# = 0 ] && ! "$compiler" --version >/dev/null 2>&1; then
    step "Unpacking glslang from Debian 13's packages" fetch
fi
exec python3 "$project/scripts/keep_spirv.py" --make "$compiler"
