#!/usr/bin/env bash
# Installs what is missing, builds with warnings as errors, and runs the tests on every software driver:
# Mesa's lavapipe, and SwiftShader from Debian's package chromium-common. Five stages:
#
#   static     clang-tidy, cppcheck, shellcheck (scripts/static.sh)
#   fuzz       hostile files for whatever reads files, a minute each (scripts/fuzz.sh)
#   clang      builds everything; the unit tests and the checks of the tree
#   sanitize   gcc with address and undefined behaviour sanitizers; everything on lavapipe
#   gcc        Release; everything on every driver
#
#   scripts/test.sh [--driver NAME] [--quick|--long] [--compiler gcc|clang] [--sanitize|--fuzz|--static] [--lane NAME]
#
#   --quick          the stage gcc alone, each case of an operator on a third of the kernels
#   --long           also the large comparisons with PyTorch, which is installed for it, and with
#                    scikit-image's pictures (Debian)
#   --driver NAME    of the drivers lavapipe or swiftshader alone
#   --compiler NAME  the stage of this compiler alone, with everything on every driver
#   --sanitize, --fuzz, --static
#                    this stage alone
#   --lane NAME      the same in a bare debian12 or debian13, a folder that debootstrap fills and that is
#                    removed afterwards; needs root. Exits with 77 where that cannot be had.
#   --folder DIR     for --lane: keep the folder here, and use it if it is there
#
# The last lines are ctest's summary. What is built lies in build/, or in $VRN_BUILD_ROOT.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

usage() {
    sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"
    exit "$1"
}

stages=(static fuzz clang sanitize gcc)
long=OFF
driver=
lane=
lane_folder=
options=()
while [ $# -gt 0 ]; do
    case $1 in
    --lane | --folder | --compiler | --driver)
        [ $# -gt 1 ] || fail "$1 needs a value"
        case $1 in
        --lane) lane=$2 ;;
        --driver)
            [ "$2" = lavapipe ] || [ "$2" = swiftshader ] || fail "--driver $2: lavapipe or swiftshader"
            driver=$2
            options+=("$1" "$2")
            ;;
        --folder) lane_folder=$2 ;;
        --compiler)
            [ "$2" = gcc ] || [ "$2" = clang ] || fail "--compiler $2: gcc or clang"
            stages=("full-$2")
            options+=("$1" "$2")
            ;;
        esac
        shift
        ;;
    --quick)
        stages=(gcc)
        options+=("$1")
        export VRN_TEST_KERNEL_STRIDE=3
        ;;
    --sanitize | --fuzz | --static) stages=("${1#--}") && options+=("$1") ;;
    --long) long=ON && options+=("$1") ;;
    --help | -h) usage 0 ;;
    *) usage 2 >&2 ;;
    esac
    shift
done

if [ -n "$lane" ]; then
    exec bash "$project/scripts/lane.sh" "$lane" "$lane_folder" test.sh "${options[@]}"
fi
[ -z "$lane_folder" ] || fail "--folder is for --lane"

# The tests see nothing of this account: no layers, drivers or caches of its own.
unset VK_DRIVER_FILES VK_ICD_FILENAMES VK_ADD_DRIVER_FILES VK_INSTANCE_LAYERS VK_LOADER_DEBUG
export XDG_CACHE_HOME=$build_root/cache

find_drivers() {
    local icd
    drivers=
    if [ "$driver" != swiftshader ]; then
        icd=$(lavapipe_icd) || fail "no lavapipe: its ICD file is not in /usr/share/vulkan/icd.d"
        drivers="lavapipe=$icd;"
    fi
    if [ "$driver" = lavapipe ]; then
        say "Left out, as told: SwiftShader"
    elif is_debian; then
        require_swiftshader
        drivers="${drivers}swiftshader=$swiftshader_folder/vk_swiftshader_icd.json"
    else
        say "Left out: SwiftShader, of which this script knows a package in Debian alone"
    fi
    drivers=${drivers%;}
}

# A library that the tests are run with (tests/sanitize).
preload=

# stage NAME COMPILER CMAKE_OPTION... -- CTEST_OPTION...
stage() {
    local name=$1 compiler=$2 folder=$build_root/$1 cmake_options=()
    shift 2
    while [ "$1" != -- ]; do
        cmake_options+=("$1")
        shift
    done
    shift
    step "$name: configuring with $($compiler --version | head -n 1)" \
        cmake -S "$project" -B "$folder" -G Ninja -DCMAKE_C_COMPILER="$compiler" \
        -DCMAKE_BUILD_TYPE=Release -DVRN_WERROR=ON \
        "-DVRN_TEST_DRIVERS=$drivers" "${cmake_options[@]}"
    step "$name: building" cmake --build "$folder"
    say "$name: testing"
    (cd "$folder" && LD_PRELOAD=$preload ctest --output-on-failure --no-tests=error --parallel "$(nproc)" "$@" \
        </dev/null 2>&1) | tee "$build_root/log/$name-ctest.txt"
    sed -n '/ tests passed, /,$p' "$build_root/log/$name-ctest.txt" >"$build_root/log/summary.txt"
}

run_stage() {
    case $1 in
    static) bash "$project/scripts/static.sh" ;;
    fuzz) bash "$project/scripts/fuzz.sh" ;;
    clang) stage clang clang -- --label-regex 'unit|tree' ;;
    gcc) stage gcc gcc "${long_options[@]}" -- ;;
    full-*) stage "${1#full-}" "${1#full-}" "${long_options[@]}" -- ;;
    sanitize)
        # lavapipe takes and frees so much that ten gigabytes would lie in the usual quarantine.
        export ASAN_OPTIONS=allocator_may_return_null=1:verify_asan_link_order=0
        ASAN_OPTIONS+=:quarantine_size_mb=16:thread_local_quarantine_size_kb=64
        export LSAN_OPTIONS=suppressions=$project/tests/sanitize/leaks.supp:print_suppressions=0
        export UBSAN_OPTIONS=print_stacktrace=1
        preload=$build_root/sanitize/libkeep_loaded.so
        export VRN_TEST_KERNEL_STRIDE=8 # the sanitizers see nothing of a kernel
        stage sanitize gcc -DVRN_SANITIZE=address,undefined -- --label-regex 'unit|lavapipe'
        preload=
        unset VRN_TEST_KERNEL_STRIDE
        ;;
    esac
}

say "$(distribution), $(nproc) processors"
require_packages "${build_packages[@]}" "${test_packages[@]}"
if [ $long = ON ] && is_debian; then
    require_packages "${torch_packages[@]}"
    [ -d "$build_root/skimage" ] ||
        step "Unpacking pictures from the package python3-skimage" \
            unpack_skimage_pictures "$build_root/skimage"
fi
find_drivers
long_options=("-DVRN_TEST_LONG=$long")
[ ! -d "$build_root/skimage" ] || long_options+=("-DVRN_TEST_PICTURES=$build_root/skimage")
for name in "${stages[@]}"; do
    run_stage "$name"
done
