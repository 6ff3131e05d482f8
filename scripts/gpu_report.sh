#!/usr/bin/env bash
# What a machine with a GPU can tell in ten minutes: devices, correctness, speed, and PyTorch beside
# it where Python has that. Needs bash, coreutils and the program; no network, no compiler. Writes a
# folder with the output of every step and a page, report.html, which holds all of it: that one file
# is enough to send. The most valuable steps come first, and each has a limit of its own, so that a
# report is useful however early it ends.
#
#   scripts/gpu_report.sh [OPTION].. [FOLDER]      FOLDER: a new one (default: gpu-report)
#
#   --program FILE   vkresnet (default: beside this script, in ../build/*/ or in the path)
#   --tests FOLDER   test_ops and test_session, for the validation layer (default: beside the
#                    program, in tests/)
#   --device D       as for vkresnet
#   --minutes N      for all steps (default 10)
#   --quick          small networks and pictures: for a try without a GPU
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program='' tests='' minutes=10 quick='' folder=gpu-report device=()

usage() {
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"
    exit "$1"
}
while [ $# -gt 0 ]; do
    case $1 in
    --program | --tests | --device | --minutes)
        [ $# -gt 1 ] || usage 2 >&2
        case $1 in
        --program) program=$2 ;;
        --tests) tests=$2 ;;
        --device) device=(--device "$2") ;;
        --minutes) minutes=$2 ;;
        esac
        shift
        ;;
    --quick) quick=1 ;;
    --help | -h) usage 0 ;;
    -*) usage 2 >&2 ;;
    *) folder=$1 ;;
    esac
    shift
done
case $minutes in '' | *[!0-9]*) usage 2 >&2 ;; esac
for one in "$here/vkresnet" "$here"/../build/*/vkresnet; do
    [ -n "$program" ] || [ ! -x "$one" ] || program=$one
done
program=${program:-$(command -v vkresnet)} || {
    echo "error: no vkresnet here: --program FILE" >&2
    exit 1
}
[ -x "$program" ] || {
    echo "error: $program is no program" >&2
    exit 1
}
samples=$here/samples
[ -d "$samples" ] || samples=$here/../samples
tests=${tests:-$(dirname "$program")/tests}
if [ -e "$folder" ]; then
    echo "error: $folder is there already" >&2
    exit 1
fi
mkdir -p "$folder" || exit 1
folder=$(cd "$folder" && pwd)
export VKRESNET_CACHE=$folder/cache
begin=$SECONDS

# step NAME LIMIT COMMAND..: runs it for at most LIMIT seconds, and within what is left of all.
step() {
    local name=$1 limit=$2 start=$SECONDS status=0
    local left=$((minutes * 60 - 10 - SECONDS + begin)) # some seconds for what needs to be killed
    shift 2
    if [ "$left" -lt 5 ]; then
        note "$name" 0 -1 "$*"
        return
    fi
    [ -z "$quick" ] || limit=$((limit / 2))
    [ "$limit" -le "$left" ] || limit=$left
    printf '%4d s  %s\n' $((SECONDS - begin)) "$name"
    timeout -k 5 "$limit" "$@" >"$folder/$name.out" 2>"$folder/$name.err" </dev/null || status=$?
    note "$name" $((SECONDS - start)) $status "$*"
}

text() { # as a string of JSON; what is no text of this kind is left out
    local value
    value=$(tr -d '\000-\010\013-\037\177-\377' |
        sed -e "s|$folder|FOLDER|g; s|$here|HERE|g; s|${HOME:-/root}|~|g" \
            -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/\t/ /g' |
        sed -e ':a' -e 'N' -e '$!ba' -e 's/\n/\\n/g')
    printf '"%s"' "$value"
}

# A line of steps.jsonl: the output is JSON where it looks like that.
note() {
    local name=$1 out=$folder/$1.out err=$folder/$1.err
    : >>"$out"
    : >>"$err"
    {
        printf '{"step": "%s", "seconds": %d, "status": %d, "command": ' "$name" "$2" "$3"
        printf '%s' "$4" | sed "s|$program|vkresnet|g" | text
        printf ', "json": ['
        grep -a '^{.*}$' "$out" | paste -sd,
        printf '], "text": '
        grep -av '^{.*}$' "$out" | tail -c 20000 | text
        printf ', "candidates": ['
        grep -ao '{"tuned".*}$' "$err" | paste -sd,
        printf '], "messages": '
        grep -av '{"tuned"' "$err" | tail -c 4000 | text
        printf '}\n'
    } | tr '\n' ' ' >>"$folder/steps.jsonl"
    printf '\n' >>"$folder/steps.jsonl"
}

bench() { # NAME MODEL PRECISION BATCH [OPTION]..
    local name=$1 model=$2 precision=$3 batch=$4
    shift 4
    local weights=(--model "$model" --random-weights 1)
    if [ "$precision" = int8 ]; then
        [ -s "$folder/$model.int8.safetensors" ] || return
        weights=(--model "$folder/$model.int8.safetensors")
    fi
    step "$name" 60 "$program" bench "${weights[@]}" --precision "$precision" --batch "$batch" \
        "${size[@]}" "${device[@]}" --json "$@"
}

size=() models=(resnet50 resnet18) batches=(1 64 8) repeats=() crop=()
if [ -n "$quick" ]; then
    size=(--size 64x64) models=(resnet18) batches=(1 4) repeats=(--repeats 3)
    crop=(--resize 64 --crop 64)
fi

system() {
    uname -a
    grep -m 1 'model name' /proc/cpuinfo
    grep MemTotal /proc/meminfo
    command -v nvidia-smi >/dev/null && nvidia-smi
    command -v lspci >/dev/null && lspci | grep -iE 'vga|3d|display'
    command -v vulkaninfo >/dev/null && vulkaninfo --summary
    true
}
export -f system

# 1. What there is, and whether it is right.
step system 20 bash -c system
step info 30 "$program" info "${device[@]}" --json
step limits 60 bash -c 'command -v vulkaninfo >/dev/null && vulkaninfo || echo "no vulkaninfo here"'
step kernels 90 "$program" info --kernels "${device[@]}" --json
step selftest 120 "$program" selftest "${device[@]}" --json

# 2. How fast it is.
model=${models[0]}
for batch in "${batches[@]:0:2}"; do
    for precision in fp32 fp16; do
        bench "bench-$model-$precision-$batch" "$model" $precision "$batch" "${repeats[@]}"
    done
done
for batch in "${batches[@]:0:2}"; do
    for precision in fp32 fp16; do
        step "profile-$model-$precision-$batch" 60 "$program" profile --model "$model" \
            --random-weights 1 --precision $precision --batch "$batch" "${size[@]}" \
            "${device[@]}" --json
    done
done

# 3. The two kinds of matrices, where there are any.
kernels=(conv_tile_)
! grep -q '"cooperative matrix"' "$folder/info.out" || kernels=(conv_matrix_ conv_tile_)
! grep -q '"cooperative matrix 2"' "$folder/info.out" || kernels+=(conv_matrix2_)
[ -z "$quick" ] || [ ${#kernels[@]} -gt 1 ] || kernels=()
for batch in "${batches[@]:0:2}"; do
    for kernel in "${kernels[@]}"; do
        bench "matrices-$kernel$model-$batch" "$model" fp16 "$batch" "${repeats[@]}" \
            --kernel "$kernel"
    done
done

# 4. Others beside it.
if command -v python3 >/dev/null; then
    step torch 120 python3 "$here/gpu_report_torch.py" "$model" ${quick:+--quick} "${batches[@]}"
fi

# 5. Tuned, with each candidate's time.
for precision in fp32 fp16; do
    step "tune-$model-$precision" 150 "$program" bench --model "$model" --random-weights 1 \
        --precision $precision --batch "${batches[0]}" "${size[@]}" "${device[@]}" --json \
        "${repeats[@]}" --tune --verbose
done

# 6. Bytes, by three pictures; and the rest of the networks and batches.
for model in "${models[@]}"; do
    step "calibrate-$model" 60 "$program" calibrate --model "$model" --random-weights 1 \
        --images "$samples" --count 3 "${crop[@]}" "${device[@]}" \
        -o "$folder/$model.int8.safetensors"
    for batch in "${batches[@]}"; do
        for precision in int8 fp32 fp16; do
            [ ! -e "$folder/bench-$model-$precision-$batch.out" ] || continue
            bench "bench-$model-$precision-$batch" "$model" $precision "$batch" "${repeats[@]}"
        done
    done
done

# 7. The tests, with the validation layer.
export VRN_TEST_QUICK=1 VRN_TEST_REQUIRE_DEVICE=1
for test in test_ops test_session; do
    [ ! -x "$tests/$test" ] || step "$test" 180 "$tests/$test"
done

rm -rf "$folder/cache" "$folder"/*.int8.safetensors
sed '/^@DATA@$/,$d' "$here/gpu_report.html" >"$folder/report.html"
# "</" would end the script that holds the data.
paste -sd, "$folder/steps.jsonl" | sed -e 's|</|<\\/|g' -e "s|$folder|FOLDER|g" \
    >>"$folder/report.html"
sed '1,/^@DATA@$/d' "$here/gpu_report.html" >>"$folder/report.html"
printf '%4d s  %s\n' $((SECONDS - begin)) "$folder/report.html"
