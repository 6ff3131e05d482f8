#!/usr/bin/env bash
# Unpacks lavapipe of another Debian, with the libraries that it needs; nothing is installed.
#
#   scripts/unpack_driver.sh SUITE FOLDER
#
# SUITE is trixie, sid, ..; FOLDER must be new. A program then runs on that driver by
#
#   FOLDER/run PROGRAM [ARGUMENT]...
#
# and bench/compare takes the folder: --drivers NAME=FOLDER.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

[ $# = 2 ] || fail "usage: scripts/unpack_driver.sh SUITE FOLDER"
suite=$1
[ ! -e "$2" ] || fail "$2 is there already"
is_debian || fail "this needs Debian's apt"
mkdir -p "$2"
folder=$(realpath "$2")
step "Unpacking lavapipe of $suite into $folder" \
    unpack_packages "$suite" "$folder" mesa-vulkan-drivers libvulkan1
cat >"$folder/run" <<'RUN'
#!/bin/sh
# run PROGRAM [ARGUMENT]...: on the driver in this folder, with the libraries beside it
root=$(cd "$(dirname "$0")" && pwd)/root
VK_DRIVER_FILES=$(echo "$root"/usr/share/vulkan/icd.d/lvp_icd*.json)
VK_ICD_FILENAMES=$VK_DRIVER_FILES
export VK_DRIVER_FILES VK_ICD_FILENAMES
driver=$(echo "$root"/usr/lib/*/libvulkan_lvp.so)
program=$1
case $program in */*) ;; *) program=$(command -v "$1") ;; esac
shift
exec "$(echo "$root"/usr/lib*/ld-linux*)" --library-path "$(dirname "$driver")" "$program" "$@"
RUN
chmod +x "$folder/run"
