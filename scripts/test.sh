#!/usr/bin/env bash
# Installs what is missing, builds with warnings as errors, and runs the tests on the software
# drivers: Mesa's lavapipe, and SwiftShader from Debian's package chromium-common.
#
#   scripts/test.sh                  the quick run: four to six minutes on two cores
#   scripts/test.sh --full           everything: about 40 minutes on two cores
#   scripts/test.sh --stage NAME     one stage of --full; may be repeated
#
# The quick run builds with gcc and runs the tests of units and devices once on every driver, with
# few cases of what has many (VRN_TEST_QUICK, docs/building.md), and the others on lavapipe. The
# stages of --full, in order:
#
#   static     clang-tidy, cppcheck, shellcheck (scripts/static.sh)
#   fuzz       hostile files for whatever reads files, 15 seconds each (scripts/fuzz.sh)
#   clang      builds everything; the unit tests
#   gcc        Release; every test, on every driver; each case on a fifth of its operator's kernels
#   sanitize   gcc with address and undefined behaviour sanitizers; everything on lavapipe but what
#              measures times or repeats other tests, with few cases of what has many. After gcc,
#              because it finds the kernels that Mesa compiled there, and compiling takes several
#              times as long with sanitizers
#
# There is one stage more, which no run includes: clang-full, as gcc with the other compiler.
#
# Further options:
#
#   --driver NAME    of the drivers lavapipe or swiftshader alone
#   --long           the stage gcc runs each case on all kernels, compares the large networks with
#                    PyTorch too, which is installed for it, and prepares scikit-image's pictures
#                    (Debian)
#   --lane NAME      the same in a bare debian12 or debian13, a folder that debootstrap fills and
#                    that is removed afterwards; needs root. Exits with 77 where that is impossible
#   --folder DIR     for --lane: keep the folder here, and use it if it is there
#
# Ends with how long each stage took, and with ctest's summary of each stage. A driver that should
# have been tested and was not is a failure. What is built lies in build/, or in $VRN_BUILD_ROOT.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

usage() {
    sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"
    exit "$1"
}

full_stages=(static fuzz clang gcc sanitize)
stages=()
long=OFF
driver=
lane=
lane_folder=
options=()
while [ $# -gt 0 ]; do
    case $1 in
    --lane | --folder | --driver | --stage)
        [ $# -gt 1 ] || fail "$1 needs a value"
        case $1 in
        --lane) lane=$2 ;;
        --folder) lane_folder=$2 ;;
        --driver)
            case $2 in
            lavapipe | swiftshader) driver=$2 ;;
            *) fail "--driver $2: lavapipe or swiftshader" ;;
            esac
            options+=("$1" "$2")
            ;;
        --stage)
            case $2 in
            static | fuzz | clang | sanitize | gcc | clang-full) stages+=("$2") ;;
            *) fail "--stage $2: ${full_stages[*]} or clang-full" ;;
            esac
            options+=("$1" "$2")
            ;;
        esac
        shift
        ;;
    --full) stages=("${full_stages[@]}") && options+=("$1") ;;
    --long) long=ON && options+=("$1") ;;
    --help | -h) usage 0 ;;
    *) usage 2 >&2 ;;
    esac
    shift
done
if [ ${#stages[@]} = 0 ]; then
    stages=(quick)
    [ $long = OFF ] || stages=(gcc)
fi

if [ -n "$lane" ]; then
    exec bash "$project/scripts/lane.sh" "$lane" "$lane_folder" test.sh "${options[@]}"
fi
[ -z "$lane_folder" ] || fail "--folder is for --lane"

# The tests see nothing of this account: no layers, drivers or caches of its own.
unset VK_DRIVER_FILES VK_ICD_FILENAMES VK_ADD_DRIVER_FILES VK_INSTANCE_LAYERS VK_LOADER_DEBUG
unset VRN_TEST_QUICK VRN_TEST_KERNEL_STRIDE
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
    [ -n "$drivers" ] || fail "no driver is left to test"
}

# A library that the tests are run with (tests/sanitize).
preload=

# check_drivers LOG NAME..: each of these drivers passed a test.
check_drivers() {
    local log=$1 name
    shift
    for name in "$@"; do
        grep -qE "Test +#[0-9]+: [^ ]+\.$name \.+ +Passed" "$log" ||
            fail "no test ran on $name: $log"
    done
}

# stage NAME COMPILER CMAKE_OPTION... -- DRIVERS_THAT_MUST_RUN CTEST_OPTION...
stage() {
    local name=$1 compiler=$2 folder=$build_root/$1 log=$build_root/log/$1-ctest.txt must
    local cmake_options=()
    shift 2
    while [ "$1" != -- ]; do
        cmake_options+=("$1")
        shift
    done
    must=$2
    shift 2
    step "$name: configuring with $($compiler --version | head -n 1)" \
        cmake -S "$project" -B "$folder" -G Ninja -DCMAKE_C_COMPILER="$compiler" \
        -DCMAKE_BUILD_TYPE=Release -DVRN_WERROR=ON \
        "-DVRN_TEST_DRIVERS=$drivers" "${cmake_options[@]}"
    step "$name: building" cmake --build "$folder"
    say "$name: testing"
    (cd "$folder" && LD_PRELOAD=$preload ctest --output-on-failure --no-tests=error \
        --parallel "$(nproc)" "$@" </dev/null 2>&1) | tee "$log"
    {
        say "$name"
        sed -n '/ tests passed, /,$p' "$log"
    } >>"$build_root/log/summary.txt"
    # shellcheck disable=SC2086 # a list of names
    check_drivers "$log" $must
}

run_stage() {
    local names
    names=$(tr ';' '\n' <<<"$drivers" | sed 's/=.*//' | tr '\n' ' ')
    case $1 in
    static) bash "$project/scripts/static.sh" ;;
    fuzz) bash "$project/scripts/fuzz.sh" --seconds 15 ;;
    clang) stage clang clang -- "" --label-regex unit ;;
    gcc)
        # Each case of an operator on a fifth of its kernels, in turns; --long: on all of them.
        [ $long = ON ] || export VRN_TEST_KERNEL_STRIDE=5
        stage gcc gcc "${long_options[@]}" -- "$names"
        unset VRN_TEST_KERNEL_STRIDE
        ;;
    clang-full) stage clang-full clang "${long_options[@]}" -- "$names" ;;
    quick)
        local lavapipe_alone='cli|examples|faults|pixels|reference'
        export VRN_TEST_QUICK=1
        stage quick gcc -- "$names" --label-exclude 'install|windows|bench|radv|full' \
            --exclude-regex "^(install|endurance|limits|($lavapipe_alone).*\.swiftshader\$)"
        unset VRN_TEST_QUICK
        ;;
    sanitize)
        # lavapipe takes and frees so much that ten gigabytes would lie in the usual quarantine.
        export ASAN_OPTIONS=allocator_may_return_null=1:verify_asan_link_order=0
        ASAN_OPTIONS+=:quarantine_size_mb=16:thread_local_quarantine_size_kb=64
        export LSAN_OPTIONS=suppressions=$project/tests/sanitize/leaks.supp:print_suppressions=0
        export UBSAN_OPTIONS=print_stacktrace=1
        preload=$build_root/sanitize/libkeep_loaded.so
        export VRN_TEST_QUICK=1 # the sanitizers see nothing of a kernel, and take long
        stage sanitize gcc -DVRN_SANITIZE=address,undefined -- "$(tr ' ' '\n' <<<"$names" |
            grep -x lavapipe || true)" --label-regex 'unit|lavapipe' \
            --exclude-regex \
            '^(cli\.(docs|selftest)|examples_frames|reference\.no_fusion|test_speeds)'
        preload=
        unset VRN_TEST_QUICK
        ;;
    esac
}

say "$(distribution), $(nproc) processors"
durations=()
began=$SECONDS
# finish TITLE: notes what has passed since the last call.
finish() {
    durations+=("$(printf '%-12s %5d s' "$1" $((SECONDS - began)))")
    began=$SECONDS
}

packages=("${build_packages[@]}" "${test_packages[@]}")
[ "${stages[*]}" = quick ] || packages+=("${full_packages[@]}")
require_packages "${packages[@]}"
if [ $long = ON ] && is_debian; then
    require_packages "${torch_packages[@]}"
    [ -d "$build_root/skimage" ] ||
        step "Unpacking pictures from the package python3-skimage" \
            unpack_skimage_pictures "$build_root/skimage"
fi
find_drivers
finish preparing
long_options=("-DVRN_TEST_LONG=$long")
[ ! -d "$build_root/skimage" ] || long_options+=("-DVRN_TEST_PICTURES=$build_root/skimage")
rm -f "$build_root/log/summary.txt"
for name in "${stages[@]}"; do
    run_stage "$name"
    finish "$name"
done
say "Durations"
printf '%s\n' "${durations[@]}"
[ ! -e "$build_root/log/summary.txt" ] || cat "$build_root/log/summary.txt"
