#!/usr/bin/env bash
# Types what README.md tells a newcomer to type, as it stands there, in a copy of the project: the
# commands of "Two commands" and "Your own photos", but for the tests, and for those that need
# ImageNet's weights or a photo, which have to fail with one line that says what to do. What they
# make is looked at afterwards.
#
#   scripts/lane.sh debian12|debian13 "" newcomer.sh     # in a bare Debian
set -euo pipefail
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
unset VRN_BUILD_ROOT
export LC_ALL=C.UTF-8

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/vkresnet"
(cd "$project" && tar -c --exclude=./build --exclude=./.git .) | tar -x -C "$work/vkresnet"
cd "$work/vkresnet"
export VKRESNET_CACHE=$work/cache

# The lines of code blocks between two headings, without comments.
commands() {
    # shellcheck disable=SC2016 # nothing to expand
    sed -n '/^## Two commands$/,/^## Five lines of C$/p' README.md | sed -n '/^```/,/^```/p' |
        sed -e '/^```/d' -e 's/  *#.*//' -e 's/ \[photo.jpg\]//'
}

[ "$(commands | wc -l)" -ge 10 ] || { echo "error: README.md has few commands" >&2; exit 1; }
failed=0
while IFS= read -r line; do
    printf '$ %s\n' "$line"
    case $line in
    scripts/test.sh) continue ;;
    *resnet50\ photo.jpg | *photos/)
        if (eval "$line") 2>"$work/complaint" </dev/null; then
            echo "error: this should have failed" >&2
            failed=1
        fi
        cat "$work/complaint"
        [ "$(wc -l <"$work/complaint")" = 1 ] || failed=1
        ;;
    *)
        eval "$line" </dev/null || failed=1
        ;;
    esac
done < <(commands)

for file in heat.png report/index.html profile.html frames/labels.csv; do
    [ -s "$file" ] || { echo "error: no $file" >&2; failed=1; }
done
[ $failed = 0 ] || { echo "error: README.md promises something else" >&2; exit 1; }
echo "every command did what README.md says"
