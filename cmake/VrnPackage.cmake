# Debian packages of a build: `cpack -G DEB` in its folder writes three of them.
#
#   vkresnet              the program with the small model; depends on what it was linked with
#   libvkresnet<soname>   the shared libraries
#   libvkresnet-dev       headers, static libraries, CMake and pkg-config files
#
# A package runs where it was built, and on later releases that have the same libraries: build it on
# the release that it is for. The loader is opened at run time, so that dpkg-shlibdeps misses it.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME vkresnet)
set(CPACK_PACKAGE_VENDOR "the VkResNet authors")
set(CPACK_PACKAGE_CONTACT "the VkResNet authors <vkresnet@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/LICENSE")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL library dev)
if(TARGET vkresnet_program)
  list(APPEND CPACK_COMPONENTS_ALL program)
endif()
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_HOMEPAGE "")

set(library "libvkresnet${VRN_SOVERSION}")
set(drivers "mesa-vulkan-drivers | vulkan-icd")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME vkresnet)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_DEPENDS libvulkan1)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_RECOMMENDS "${drivers}, ca-certificates")
set(CPACK_COMPONENT_PROGRAM_DESCRIPTION "The program, and a small model for ten classes")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME ${library})
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_DEPENDS libvulkan1)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_RECOMMENDS "${drivers}")
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION "The shared libraries")
set(CPACK_DEBIAN_DEV_PACKAGE_NAME libvkresnet-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "${library} (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_DEV_PACKAGE_SUGGESTS libvulkan-dev) # <vkresnet/vulkan.h> includes its headers
set(CPACK_COMPONENT_DEV_DESCRIPTION "Headers, static libraries, and files for CMake and pkg-config")
include(CPack)
