# shellcheck shell=bash disable=SC2034
# Shared by the scripts beside it: packages, drivers, quiet steps. Sourced, not run.

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Everything the scripts make lies in this folder.
build_root=${VRN_BUILD_ROOT:-$project/build}

# What the library and the program need; what the quick run of the tests needs besides; what all
# of them need.
build_packages=(cmake ninja-build gcc libc6-dev glslang-tools libvulkan-dev libvulkan1
    libvulkan-volk-dev libstb-dev libjpeg-dev libwebp-dev libavif-dev libheif-dev
    libtiff-dev libjxl-dev pkgconf libcurl4-openssl-dev libssl-dev ca-certificates
    mesa-vulkan-drivers)
full_packages=(clang doxygen gcc-mingw-w64-x86-64 python3-venv)
fuzz_packages=(clang libclang-rt-dev python3)
static_packages=(clang clang-tidy codespell cppcheck shellcheck)
test_packages=(g++ binutils libcmocka-dev spirv-tools spirv-cross
    vulkan-validationlayers libglfw3-dev meson openssl parallel xvfb clang-format python3
    python3-pil python3-dev python3-numpy python3-pytest)
torch_packages=(python3-torch python3-torchvision libopenblas0)

say() {
    printf '== %s\n' "$*"
}

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# left_out WHY..: for what this machine does not allow; the status means "skipped".
left_out() {
    say "skipped: $*"
    exit 77
}

# step TITLE COMMAND...: runs it silently; when it fails, shows the end of what it said and leaves.
step() {
    local title=$1 log start=$SECONDS
    shift
    mkdir -p "$build_root/log"
    log=$(tr -cs 'a-zA-Z0-9' '-' <<<"$title")
    log=$build_root/log/${log:0:60}.txt
    say "$title"
    "$@" >"$log" 2>&1 </dev/null || {
        tail -n 60 "$log" >&2
        fail "$title: failed after $((SECONDS - start)) s; the whole output is in $log"
    }
}

is_debian() {
    [ -r /etc/os-release ] && (. /etc/os-release && [ "$ID" = debian ])
}

# "bookworm"
debian_suite() {
    (. /etc/os-release && printf '%s' "$VERSION_CODENAME")
}

# The Vulkan Memory Allocator, which Debian 12 does not have.
if is_debian && [ "$(debian_suite)" != bookworm ]; then
    test_packages+=(libvulkan-memory-allocator-dev)
fi

# The mirror that this machine's apt uses, if it runs Debian.
debian_mirror() {
    is_debian || return 0
    # shellcheck disable=SC2016 # apt expands it
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' \
        "Codename: $(debian_suite)" | head -n 1
}

# private_apt SUITE FOLDER [ARCHITECTURE]: sets `apt` to an apt-get for another version of Debian,
# or another processor, with lists, a cache and a status of no packages in FOLDER, which is made
# anew.
private_apt() {
    local suite=$1 folder=$2 architecture=${3:-$(dpkg --print-architecture)} mirror kind
    mirror=$(debian_mirror)
    [ -n "$mirror" ] || fail "this is no Debian whose mirror is known"
    rm -rf "$folder"
    mkdir -p "$folder"/{lists/partial,archives/partial}
    : >"$folder/status"
    for kind in deb deb-src; do
        printf '%s [signed-by=%s] %s %s main\n' "$kind" \
            /usr/share/keyrings/debian-archive-keyring.gpg "$mirror" "$suite"
    done >"$folder/sources.list"
    apt=(apt-get -q -y -o "Dir::Etc::sourcelist=$folder/sources.list"
        -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::lists=$folder/lists"
        -o "Dir::State::status=$folder/status" -o "Dir::Cache=$folder"
        -o "APT::Architecture=$architecture" -o "APT::Architectures=$architecture"
        -o APT::Install-Recommends=false -o Acquire::Retries=3)
    "${apt[@]}" update
}

# unpack_packages SUITE[:ARCHITECTURE] FOLDER PACKAGE..: packages of another version of Debian, or
# for another processor, with all that they depend on, into FOLDER/root. Nothing is installed. What
# is in there runs by its own loader, FOLDER/root/usr/lib*/ld-linux*.
unpack_packages() {
    local suite=${1%:*} architecture='' folder=$2 deb apt
    [[ $1 != *:* ]] || architecture=${1#*:}
    shift 2
    private_apt "$suite" "$folder" "$architecture" || return 1
    "${apt[@]}" install --download-only "$@" || return 1
    for deb in "$folder"/archives/*.deb; do dpkg-deb -x "$deb" "$folder/root" || return 1; done
    ln -sfn usr/lib "$folder/root/lib"
    [ ! -e "$folder/root/usr/lib64" ] || ln -sfn usr/lib64 "$folder/root/lib64"
}

# What building for 64-bit Arm and running under an emulator takes.
arm_packages=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static)

# arm_toolchain FOLDER: FOLDER/toolchain.cmake, for CMake, and FOLDER/headers: those that are the
# same everywhere, and nothing of this system's C library.
arm_toolchain() {
    local header
    mkdir -p "$1/headers"
    for header in /usr/include/vulkan /usr/include/vk_video /usr/include/volk.h \
        /usr/include/volk.c; do
        [ ! -e "$header" ] || ln -sfn "$header" "$1/headers/"
    done
    cat >"$1/toolchain.cmake" <<END
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_FIND_ROOT_PATH /usr/aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
foreach(kind LIBRARY INCLUDE PACKAGE)
  set(CMAKE_FIND_ROOT_PATH_MODE_\${kind} ONLY)
endforeach()
set(VULKAN_HEADERS_INCLUDE_DIR "$1/headers" CACHE PATH "")
set(VOLK_INCLUDE_DIR "$1/headers" CACHE PATH "")
set(VOLK_SOURCE "$1/headers/volk.c" CACHE FILEPATH "")
set(STB_INCLUDE_DIR /usr/include/stb CACHE PATH "")
END
}

# The distribution's name and version, for people.
distribution() {
    if [ -r /etc/os-release ]; then
        (. /etc/os-release && printf '%s\n' "$PRETTY_NAME")
    else
        uname -s
    fi
}

# The Python of README.md.
readme_python() {
    # shellcheck disable=SC2016 # nothing to expand
    sed -n '/^```python$/,/^```$/p' "$project/README.md" | sed '/^```/d'
}

is_installed() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

apt_update() {
    # A third-party source that cannot be reached is none of our business; installing will tell.
    as_root apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 update || true
}

apt_install() {
    apt_update
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
        -o Acquire::Retries=3 install --no-install-recommends "$@"
}

# Installs those of the packages that are missing.
require_packages() {
    local package missing=()
    if ! command -v apt-get >/dev/null; then
        say "No apt here: assuming that what docs/building.md lists is installed"
        return
    fi
    # From Debian 13 on, the decoder of HEIC is a package of its own, which libheif-dev leaves out.
    if [[ " $* " == *" libheif-dev "* ]] && apt-cache show libheif-plugin-libde265 &>/dev/null; then
        set -- "$@" libheif-plugin-libde265
    fi
    for package in "$@"; do
        is_installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
        fail "these packages are missing, and without root or sudo they cannot be installed:" \
            "${missing[*]}"
    fi
    step "Installing ${#missing[@]} packages: ${missing[*]}" apt_install "${missing[@]}"
}

# Prints Mesa's software driver, an ICD file; fails where there is none. Folders of several
# architectures have one file for each.
lavapipe_icd() {
    local icd
    for icd in "/usr/share/vulkan/icd.d/lvp_icd.$(uname -m).json" \
        /usr/share/vulkan/icd.d/lvp_icd*.json; do
        [ -e "$icd" ] && printf '%s\n' "$icd" && return
    done
    return 1
}

# take_from PACKAGE DEPTH PATTERN..: files of a package of Debian's, which is not installed, into
# this folder, with DEPTH folders of their names left away.
take_from() {
    local package=$1 depth=$2
    shift 2
    apt-cache show "$package" >/dev/null 2>&1 || apt_update
    apt-get -q -o Acquire::Retries=3 download "$package" &&
        dpkg-deb --fsys-tarfile "$package"_*.deb |
        tar -x --wildcards --strip-components="$depth" "$@" &&
        rm "$package"_*.deb
}

# Unpacks SwiftShader, the software driver that Chromium brings along, into a folder.
unpack_swiftshader() {
    local folder=$1 work=$1.new
    rm -rf "$work"
    mkdir -p "$work"
    (cd "$work" && take_from chromium-common 4 \
        '*/libvk_swiftshader.so' '*/vk_swiftshader_icd.json') || return 1
    # A path with a slash counts from the ICD file; a bare name would be searched among the
    # libraries.
    sed -i 's#"library_path": *"[^"]*"#"library_path": "./libvk_swiftshader.so"#' \
        "$work/vk_swiftshader_icd.json"
    grep -q '"./libvk_swiftshader.so"' "$work/vk_swiftshader_icd.json" &&
        [ -s "$work/libvk_swiftshader.so" ] && rm -rf "$folder" && mv "$work" "$folder"
}

# Unpacks the pictures that Debian's package python3-skimage carries, without what that package
# needs.
unpack_skimage_pictures() {
    local folder=$1 work=$1.new
    rm -rf "$work"
    mkdir -p "$work"
    (cd "$work" && take_from python3-skimage 7 \
        '*/skimage/data/*.png' '*/skimage/data/*.jpg' '*/skimage/data/*.gif' &&
        [ -s chelsea.png ]) &&
        rm -rf "$folder" && mv "$work" "$folder"
}

# Makes sure that SwiftShader is in $swiftshader_folder.
swiftshader_folder=$build_root/swiftshader
require_swiftshader() {
    [ -e "$swiftshader_folder/vk_swiftshader_icd.json" ] ||
        step "Unpacking SwiftShader from the package chromium-common" \
            unpack_swiftshader "$swiftshader_folder"
}
