# Toolchain for the targets of `zig cc`, which brings a linker and a C library for each: PyPI's
# package ziglang has it.
#
#   cmake -DCMAKE_TOOLCHAIN_FILE=cmake/zig.cmake -DVRN_ZIG=/path/to/zig \
#       -DVRN_ZIG_TARGET=aarch64-macos|aarch64-windows-gnu|aarch64-linux-musl
#
# As for mingw-w64.cmake, VULKAN_HEADERS_INCLUDE_DIR, VOLK_INCLUDE_DIR and STB_INCLUDE_DIR say where
# copies or links of headers lie that are the same everywhere.
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES VRN_ZIG VRN_ZIG_TARGET)
if(NOT VRN_ZIG_TARGET MATCHES "^([a-z0-9_]+)-(macos|windows|linux)")
  message(FATAL_ERROR "VRN_ZIG_TARGET: \"${VRN_ZIG_TARGET}\"; expected, for example, aarch64-macos")
endif()
set(CMAKE_SYSTEM_PROCESSOR "${CMAKE_MATCH_1}")
if(CMAKE_MATCH_2 STREQUAL "macos")
  set(CMAKE_SYSTEM_NAME Darwin)
elseif(CMAKE_MATCH_2 STREQUAL "windows")
  set(CMAKE_SYSTEM_NAME Windows)
else()
  set(CMAKE_SYSTEM_NAME Linux)
endif()

# CMake wants programs, not their commands.
foreach(command cc ar ranlib rc)
  set(wrapper "${CMAKE_BINARY_DIR}/zig-${command}")
  if(NOT EXISTS "${wrapper}")
    file(WRITE "${wrapper}" "#!/bin/sh\nexec '${VRN_ZIG}' ${command} \"$@\"\n")
    file(CHMOD "${wrapper}" PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
  endif()
endforeach()
set(CMAKE_C_COMPILER "${CMAKE_BINARY_DIR}/zig-cc")
set(CMAKE_C_COMPILER_TARGET ${VRN_ZIG_TARGET})
set(CMAKE_AR "${CMAKE_BINARY_DIR}/zig-ar" CACHE FILEPATH "")
set(CMAKE_RANLIB "${CMAKE_BINARY_DIR}/zig-ranlib" CACHE FILEPATH "")
set(CMAKE_RC_COMPILER "${CMAKE_BINARY_DIR}/zig-rc")
foreach(kind LIBRARY INCLUDE PACKAGE)
  set(CMAKE_FIND_ROOT_PATH_MODE_${kind} ONLY)
endforeach()
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH "${CMAKE_BINARY_DIR}/no-such-root")
