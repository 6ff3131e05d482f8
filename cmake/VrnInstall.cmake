# What `cmake --install` gives besides the program: the libraries of the kinds that
# VRN_INSTALL_KINDS names, the headers, a CMake package and a pkg-config file. Paths in these count
# from where they lie, so that the installed tree may be moved.
#
# Components: "library" is what a program needs at run time, "dev" the rest; the program's is
# "program" (src/cli), the wheel's "python" (python).
include(CMakePackageConfigHelpers)
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME dev)

foreach(kind IN LISTS VRN_INSTALL_KINDS)
  if(NOT kind MATCHES "^(static|shared)$")
    message(FATAL_ERROR "VRN_INSTALL_KINDS: \"${kind}\"; expected static or shared, or both")
  endif()
endforeach()
if(NOT VRN_INSTALL_KINDS)
  message(FATAL_ERROR "VRN_INSTALL_KINDS is empty; expected static, shared, or both as a list")
endif()
set(targets ${VRN_INSTALL_KINDS})
list(TRANSFORM targets PREPEND vkresnet_)
install(TARGETS ${targets} EXPORT vkresnet
    RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT library
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library NAMELINK_COMPONENT dev
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/vkresnet" DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/vkresnet)
install(EXPORT vkresnet NAMESPACE vkresnet:: FILE vkresnet-targets.cmake DESTINATION
    ${package_folder})

# The hub, a component: who does not ask for it needs nothing of what it needs.
set(targets "")
foreach(kind IN LISTS VRN_INSTALL_KINDS)
  if(TARGET vkresnet_hub_${kind})
    list(APPEND targets vkresnet_hub_${kind})
  endif()
endforeach()
if(targets)
  install(TARGETS ${targets} EXPORT vkresnet_hub
      RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT library
      LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library NAMELINK_COMPONENT dev
      ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT vkresnet_hub NAMESPACE vkresnet:: FILE vkresnet-hub-targets.cmake DESTINATION
      ${package_folder})
endif()
configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/vkresnet-config.cmake.in"
    "${PROJECT_BINARY_DIR}/package/vkresnet-config.cmake" INSTALL_DESTINATION ${package_folder}
    NO_SET_AND_CHECK_MACRO)
# Before 1.0 the interface may change with the minor version.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/package/vkresnet-config-version.cmake"
    COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/package/vkresnet-config.cmake"
    "${PROJECT_BINARY_DIR}/package/vkresnet-config-version.cmake" DESTINATION ${package_folder})

set(pc_folder "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig")
file(RELATIVE_PATH pc_prefix "${pc_folder}" "${CMAKE_INSTALL_PREFIX}")
file(RELATIVE_PATH pc_libdir "${CMAKE_INSTALL_PREFIX}" "${CMAKE_INSTALL_FULL_LIBDIR}")
file(RELATIVE_PATH pc_includedir "${CMAKE_INSTALL_PREFIX}" "${CMAKE_INSTALL_FULL_INCLUDEDIR}")
string(REGEX REPLACE "/$" "" pc_prefix "${pc_prefix}")
# What the static library needs besides the C library, for those who link it.
set(pc_libs_private ${VRN_SYSTEM_LIBRARIES})
list(TRANSFORM pc_libs_private REPLACE "^([a-z]+)$" "-l\\1")
list(TRANSFORM pc_libs_private REPLACE "^Threads::Threads$" "${CMAKE_THREAD_LIBS_INIT}")
list(JOIN pc_libs_private " " pc_libs_private)
string(STRIP "${pc_libs_private}" pc_libs_private)
# Named as libraries, not as packages: libcurl's own static libraries are more than anyone has
# installed.
set(pc_hub_libs_private "")
if(VRN_HUB_DOWNLOADS)
  set(pc_hub_libs_private "-lcurl -lcrypto")
endif()
set(pc_libs "")
set(pc_hub_libs "")
if(NOT "shared" IN_LIST VRN_INSTALL_KINDS) # -lvkresnet is the static library: nobody says --static
  set(pc_libs " ${pc_libs_private}")
  set(pc_hub_libs " ${pc_hub_libs_private}")
endif()
set(pc_names vkresnet)
if(targets)
  list(APPEND pc_names vkresnet-hub)
endif()
foreach(name IN LISTS pc_names)
  configure_file("${CMAKE_CURRENT_LIST_DIR}/${name}.pc.in"
      "${PROJECT_BINARY_DIR}/package/${name}.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/package/${name}.pc" DESTINATION
      ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
