#!/usr/bin/env bash
# Proves the kernels for cooperative matrices right without a GPU: Debian unstable's lavapipe (Mesa 26) lists
# VK_KHR_cooperative_matrix and VK_NV_cooperative_matrix2 and emulates them. Fills a folder with debootstrap, builds there,
# runs the self-test and then those kernels on every case against the reference, with the validation layer, and ends with
# a summary. Needs root, 1.5 GB and some ten minutes; exits with 77 where such a folder cannot be made.
#
#   tests/matrix/prove.sh [FOLDER]      FOLDER: keep the Debian here, and use it if it is there
set -euo pipefail
exec bash "$(dirname "$0")/../../scripts/lane.sh" unstable "${1:-}" matrix.sh
