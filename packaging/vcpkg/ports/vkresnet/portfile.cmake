# Builds the tree that this port lies in. In a registry, vcpkg_from_github or another of vcpkg's
# functions that fetch an archive sets SOURCE_PATH.
get_filename_component(SOURCE_PATH "${CURRENT_PORT_DIR}/../../../.." ABSOLUTE)

string(COMPARE EQUAL "${VCPKG_LIBRARY_LINKAGE}" "dynamic" shared)
if(shared)
  set(kinds shared)
else()
  set(kinds static)
endif()
vcpkg_check_features(OUT_FEATURE_OPTIONS features FEATURES
    hub VRN_HUB
    tools VRN_BUILD_PROGRAM
)
find_program(glslang NAMES glslangValidator glslang
    PATHS "${CURRENT_HOST_INSTALLED_DIR}/tools/glslang" NO_DEFAULT_PATH REQUIRED)

vcpkg_cmake_configure(
    SOURCE_PATH "${SOURCE_PATH}"
    OPTIONS
        ${features}
        "-DVRN_INSTALL_KINDS=${kinds}"
        "-DGLSLANG_VALIDATOR=${glslang}"
        -DVRN_BUILD_TESTS=OFF
        -DVRN_BUILD_EXAMPLES=OFF
        -DVRN_PYTHON_PACKAGE=OFF
        # Photos of the formats that stb_image reads, as on every system.
        -DVRN_LIBJPEG=OFF
        -DVRN_LIBWEBP=OFF
        -DVRN_LIBAVIF=OFF
        -DVRN_LIBHEIF=OFF
        -DVRN_LIBTIFF=OFF
        -DVRN_LIBJXL=OFF
    MAYBE_UNUSED_VARIABLES
        VRN_LIBJPEG VRN_LIBWEBP VRN_LIBAVIF VRN_LIBHEIF VRN_LIBTIFF VRN_LIBJXL
)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/vkresnet)
vcpkg_fixup_pkgconfig()
if("tools" IN_LIST FEATURES)
  vcpkg_copy_tools(TOOL_NAMES vkresnet AUTO_CLEAN)
endif()

file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include" "${CURRENT_PACKAGES_DIR}/debug/share")
file(INSTALL "${CMAKE_CURRENT_LIST_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
