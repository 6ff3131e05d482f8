#!/usr/bin/env bash
# Says what is in a picture, or in those of samples/: installs what is missing, builds, and
# classifies with the bundled model (models/), on the best Vulkan device or on Mesa's software
# driver.
#
#   scripts/demo.sh [IMAGE]
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

if [ $# -gt 1 ] || [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
    sed -n '2,5s/^# \{0,1\}//p' "$0"
    [ $# -le 1 ] || exit 2
    exit 0
fi

shopt -s nullglob
samples=("$project"/samples/*.png "$project"/samples/*.jpg)
shopt -u nullglob
images=("$@")
[ $# = 1 ] || images=("${samples[@]}")
[ ${#images[@]} -gt 0 ] || fail "no picture in $project/samples: name one"
[ -r "${images[0]}" ] || fail "${images[0]}: cannot be read"

require_packages "${build_packages[@]}"
folder=$build_root/demo
step "Configuring in $folder" cmake -S "$project" -B "$folder" -G Ninja \
    -DCMAKE_BUILD_TYPE=Release -DVRN_BUILD_TESTS=OFF
step "Building" cmake --build "$folder"
program=$folder/vkresnet

say "Vulkan devices"
"$program" info
say "Classifying ${images[*]##*/}"
"$program" classify --top 3 "${images[@]}"
cat <<END

That was the bundled model: a ResNet-20 that sees 32 x 32 pixels and knows
CIFAR-10's ten classes (airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck). For a
thousand classes give it a big one, any ResNet checkpoint of torchvision as it is:

  $program classify --model resnet50-11ad3fa6.pth photo.jpg
END
