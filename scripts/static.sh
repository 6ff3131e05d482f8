#!/usr/bin/env bash
# What can be found without running anything: clang-tidy (.clang-tidy has the checks, and why others
# are left out) and cppcheck (scripts/cppcheck.txt) on the library, the program and the Python
# extension, shellcheck on the scripts, codespell on all texts but data (scripts/codespell.txt has
# words that it takes for mistakes).
#
#   scripts/static.sh [FILE.c]...
#
# Nothing may be found; a false alarm is silenced where it is, with a reason.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

require_packages "${build_packages[@]}" "${static_packages[@]}" libcmocka-dev python3 python3-dev
folder=$build_root/static
step "static: configuring" cmake -S "$project" -B "$folder" -G Ninja -DCMAKE_C_COMPILER=clang \
    -DCMAKE_BUILD_TYPE=Debug -DCMAKE_EXPORT_COMPILE_COMMANDS=ON

# Sources that are compiled here: none of another system's.
sources=("$@")
if [ ${#sources[@]} = 0 ]; then
    mapfile -t sources < <(python3 - "$folder/compile_commands.json" "$project/src/" \
        "$project/python/src/" <<'END'
import json, sys

with open(sys.argv[1], encoding="utf-8") as file:
    files = {entry["file"] for entry in json.load(file)}
print(*sorted(file for file in files if file.startswith(tuple(sys.argv[2:]))), sep="\n")
END
    )
fi
[ ${#sources[@]} -gt 0 ] || fail "no sources"

# Each file by itself, as many at once as there are processors; what clang-tidy counts is of no
# interest.
tidy() {
    printf '%s\0' "${sources[@]}" |
        xargs -0 --max-procs="$(nproc)" --max-args=4 clang-tidy -p "$folder" --quiet
}

check() {
    cppcheck --quiet --error-exitcode=1 --inline-suppr -j "$(nproc)" --std=c11 --language=c \
        --enable=warning,performance,portability \
        --suppressions-list="$project/scripts/cppcheck.txt" \
        -D__linux__ -I "$project/src" -I "$project/include" "${sources[@]}"
}

spell() {
    codespell --ignore-words "$project/scripts/codespell.txt" \
        --skip '*.png,*.svg,*/__pycache__,imagenet-*.txt,*.onnx,*/tests/data,*/fuzz/regressions' \
        "$project"/*.* "$project"/{.ci,.github,bench,cmake,data,docs,examples,include,models} \
        "$project"/{packaging,python,samples,scripts,shaders,src,tests}
}

step "static: codespell" spell
step "static: shellcheck" shellcheck -x -P "$project/scripts" "$project"/scripts/*.sh \
    "$project"/.ci/run
step "static: cppcheck, ${#sources[@]} files" check
step "static: clang-tidy, ${#sources[@]} files" tidy
say "static: nothing found"
