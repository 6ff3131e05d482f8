#!/usr/bin/env bash
# How much of the library and the program the tests run: lines and branches, by gcc and gcovr, of
# the unit tests and of everything on Mesa's lavapipe, but for what is installed. Prints a table of
# the folders, and leaves pages to browse in build/coverage/report.
#
#   scripts/coverage.sh [CTEST_OPTION]...
#
# What Windows has files of its own for is no part of it.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

require_packages "${build_packages[@]}" "${test_packages[@]}" "${full_packages[@]}" gcovr
icd=$(lavapipe_icd) || fail "no lavapipe: its ICD file is not in /usr/share/vulkan/icd.d"
folder=$build_root/coverage
step "coverage: configuring" cmake -S "$project" -B "$folder" -G Ninja -DCMAKE_C_COMPILER=gcc \
    -DCMAKE_BUILD_TYPE=Debug "-DCMAKE_C_FLAGS=--coverage -fprofile-update=atomic" \
    "-DCMAKE_C_FLAGS_DEBUG=-O1 -g" "-DVRN_TEST_DRIVERS=lavapipe=$icd"
step "coverage: building" cmake --build "$folder"
find "$folder" -name '*.gcda' -delete
say "coverage: testing"
status=0
# The drivers' kernels are no part of this: each case of an operator on an eighth of them.
# Where a test limits the size of files, gcov has its own fail to be written, and is not to say so
# among the output.
(cd "$folder" && GCOV_ERROR_FILE=/dev/null VRN_TEST_KERNEL_STRIDE=8 ctest --output-on-failure \
    --parallel "$(nproc)" --label-regex 'unit|lavapipe|hub' --exclude-regex '^install' "$@" \
    </dev/null 2>&1) |
    tee "$build_root/log/coverage-ctest.txt" | tail -n 20 || status=$?

report=$folder/report
mkdir -p "$report"
# Assertions and what cannot be reached (switches over enums that have no default) have branches
# nobody takes.
gcovr --root "$project" --object-directory "$folder" --filter "$project/src/" \
    --exclude "$project/src/.*/os_windows.c" --exclude-unreachable-branches \
    --html-details "$report/index.html" --json-summary "$report/summary.json" \
    --txt "$report/files.txt" "$folder"
python3 - "$report/summary.json" <<'END'
import collections, json, sys

folders = collections.defaultdict(lambda: [0, 0, 0, 0])
with open(sys.argv[1], encoding="utf-8") as file:
    for entry in json.load(file)["files"]:
        numbers = [entry[key] for key in ("line_covered", "line_total", "branch_covered",
                                               "branch_total")]
        for name in (entry["filename"].split("/")[1], "all"):
            folders[name] = [a + b for a, b in zip(folders[name], numbers)]
for name, (lines, all_lines, branches, all_branches) in folders.items():
    print(f"{name:<12} lines {lines:6}/{all_lines:<6} {100 * lines / all_lines:5.1f} %"
          f"   branches {branches:6}/{all_branches:<6} {100 * branches / all_branches:5.1f} %")
END
[ $status = 0 ] ||
    fail "tests failed, so the figures are not whole: $build_root/log/coverage-ctest.txt"
