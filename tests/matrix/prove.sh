#!/usr/bin/env bash
# Proves the kernels for cooperative matrices right without a GPU: Debian unstable's lavapipe (Mesa 26) lists
# VK_KHR_cooperative_matrix and emulates it. Fills a folder with debootstrap, builds there, and runs every
# kernel, those included, on every case against the reference, with the validation layer. Needs root, 1.5 GB and
# some ten minutes; exits with 77 where such a folder cannot be made.
#
#   tests/matrix/prove.sh [FOLDER]      FOLDER: keep the Debian here, and use it if it is there
set -euo pipefail
exec bash "$(dirname "$0")/../../scripts/lane.sh" unstable "${1:-}" matrix.sh
