# Vulkan's headers and volk (header and source), as distributions package them. The loader is not
# linked: volk opens it at run time.
find_path(VULKAN_HEADERS_INCLUDE_DIR vulkan/vulkan_core.h)
find_path(VOLK_INCLUDE_DIR volk.h PATH_SUFFIXES volk Volk)
find_file(VOLK_SOURCE volk.c PATHS ${VOLK_INCLUDE_DIR} PATH_SUFFIXES include volk Volk)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(VulkanHeaders
    REQUIRED_VARS VULKAN_HEADERS_INCLUDE_DIR VOLK_INCLUDE_DIR VOLK_SOURCE)
