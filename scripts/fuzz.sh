#!/usr/bin/env bash
# Feeds hostile files to everything that reads files, with libFuzzer (clang) and the sanitizers for
# addresses and undefined behaviour: the targets of tests/fuzz, from the seeds that seeds.py writes.
#
#   scripts/fuzz.sh [--seconds N] [--jobs N] [TARGET]...
#
#   --seconds N  for each target; 60 unless told
#   --jobs N     targets at once; as many as there are processors unless told
#
# Inputs that reach new code stay in build/fuzz/corpus, and the next run begins with them. What
# breaks a target lies in build/fuzz/findings afterwards, and this script fails: put it into
# tests/fuzz/regressions/TARGET once it is understood, where the tests replay it. One line for each
# target says how much was done.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

seconds=60
jobs=$(nproc)
targets=()
while [ $# -gt 0 ]; do
    case $1 in
    --seconds | --jobs)
        [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || fail "$1 needs a number"
        case $1 in
        --seconds) seconds=$2 ;;
        --jobs) jobs=$2 ;;
        esac
        shift
        ;;
    --help | -h)
        sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"
        exit 0
        ;;
    -*) fail "$1: no such option" ;;
    *) targets+=("$1") ;;
    esac
    shift
done

require_packages "${build_packages[@]}" "${fuzz_packages[@]}"
folder=$build_root/fuzz
fuzz=$project/tests/fuzz
step "fuzz: configuring with $(clang --version | head -n 1)" \
    cmake -S "$project" -B "$folder" -G Ninja -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Debug \
    "-DCMAKE_C_FLAGS_DEBUG=-O1 -g" -DVRN_WERROR=ON -DVRN_FUZZ=ON -DVRN_BUILD_EXAMPLES=OFF \
    -DVRN_INSTALL=OFF
step "fuzz: building" cmake --build "$folder" --target fuzz_targets
step "fuzz: writing seeds" python3 -B "$fuzz/seeds.py" "$folder/seeds"
if [ ${#targets[@]} = 0 ]; then
    for target in "$folder"/seeds/*; do targets+=("${target##*/}"); done
fi
findings=$folder/findings
rm -rf "$findings"
mkdir -p "$findings" "$build_root/log"

# run TARGET: its log is build/log/fuzz-TARGET.txt. A leak, a wait of 25 seconds, an allocation of
# half a gigabyte and a process of one and a half are findings; the harness has narrower bounds of
# its own. The sanitizer watches the process's size, because libFuzzer's thread for that allocates
# as it starts, at any time during the first inputs, and the harness counts the memory of all
# threads.
run() {
    local target=$1 corpus=$folder/corpus/$1 options=() process_mb=1536
    mkdir -p "$corpus"
    local folders=("$corpus" "$folder/seeds/$target")
    [ ! -d "$fuzz/regressions/$target" ] || folders+=("$fuzz/regressions/$target")
    [ ! -e "$fuzz/dictionaries/$target" ] || options+=("-dict=$fuzz/dictionaries/$target")
    [ "$target" != image ] || process_mb=3072
    ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}hard_rss_limit_mb=$process_mb \
        "$folder/tests/fuzz/fuzz_$target" "-artifact_prefix=$findings/$target-" \
        "-max_total_time=$seconds" \
        -timeout=25 -malloc_limit_mb=512 -rss_limit_mb=0 -max_len=16384 -use_value_profile=1 \
        -print_final_stats=1 -detect_leaks=1 "${options[@]}" \
        "${folders[@]}" \
        >"$build_root/log/fuzz-$target.txt" 2>&1 </dev/null || echo "$target" >>"$findings/failed"
}

# What the last line of libFuzzer's progress says.
summarise() {
    local log=$build_root/log/fuzz-$1.txt runs edges inputs
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    # A target that breaks at once has no progress.
    edges=$(grep -o ' cov: [0-9]*' "$log" | tail -n 1 | tr -dc 0-9) || true
    inputs=$(grep -o ' corp: [0-9]*' "$log" | tail -n 1 | tr -dc 0-9) || true
    printf '%-12s %12s runs %6s edges %6s inputs\n' "$1" "${runs:-?}" "${edges:-?}" "${inputs:-?}"
}

say "fuzz: ${#targets[@]} targets, $seconds s each, $jobs at once"
for target in "${targets[@]}"; do
    [ -x "$folder/tests/fuzz/fuzz_$target" ] || fail "$target: no such target"
    while [ "$(jobs -pr | wc -l)" -ge "$jobs" ]; do wait -n || true; done
    run "$target" &
done
wait
for target in "${targets[@]}"; do summarise "$target"; done | tee "$build_root/log/fuzz-summary.txt"
if [ -e "$findings/failed" ]; then
    while read -r target; do
        say "fuzz: $target: the end of build/log/fuzz-$target.txt"
        tail -n 40 "$build_root/log/fuzz-$target.txt"
    done <"$findings/failed"
    fail "fuzz: findings in $findings"
fi
