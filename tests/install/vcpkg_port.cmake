# Runs packaging/vcpkg's portfile without vcpkg: stand-ins for vcpkg's functions check what they are
# given, build with the system's packages and install into FOLDER/packages.
#
#   cmake -DPROJECT= -DFOLDER= -DLINKAGE=static|dynamic -DFEATURES=core[;hub][;tools] -P this
cmake_minimum_required(VERSION 3.21)
set(CURRENT_PORT_DIR "${PROJECT}/packaging/vcpkg/ports/vkresnet")
set(CURRENT_PACKAGES_DIR "${FOLDER}/packages")
set(CURRENT_HOST_INSTALLED_DIR "${FOLDER}/host")
set(VCPKG_LIBRARY_LINKAGE ${LINKAGE})
set(PORT vkresnet)

# The port's manifest names its features and what it depends on.
file(READ "${CURRENT_PORT_DIR}/vcpkg.json" manifest)
string(JSON name GET "${manifest}" name)
string(JSON version GET "${manifest}" version)
file(STRINGS "${PROJECT}/include/vkresnet/vkresnet.h" lines
    REGEX "^#define VRN_VERSION_(MAJOR|MINOR|PATCH) [0-9]+$")
string(REGEX REPLACE "[^0-9;]" "" expected "${lines}")
string(REPLACE ";" "." expected "${expected}")
if(NOT name STREQUAL PORT OR NOT version STREQUAL expected)
  message(FATAL_ERROR "vcpkg.json: ${name} ${version}; the headers say vkresnet ${expected}")
endif()
string(JSON count LENGTH "${manifest}" dependencies)
math(EXPR last "${count} - 1")
set(dependencies "")
foreach(index RANGE ${last})
  string(JSON entry ERROR_VARIABLE is_text GET "${manifest}" dependencies ${index} name)
  if(is_text)
    string(JSON entry GET "${manifest}" dependencies ${index})
  endif()
  list(APPEND dependencies "${entry}")
endforeach()
function(need dependency)
  if(NOT dependency IN_LIST dependencies)
    message(FATAL_ERROR "vcpkg.json: the portfile needs ${dependency}")
  endif()
endfunction()

function(vcpkg_check_features)
  cmake_parse_arguments(arg "" "OUT_FEATURE_OPTIONS" "FEATURES" ${ARGN})
  set(options "")
  while(arg_FEATURES)
    list(POP_FRONT arg_FEATURES feature option)
    string(JSON description GET "${manifest}" features ${feature} description)
    set(value OFF)
    if(feature IN_LIST FEATURES)
      set(value ON)
    endif()
    list(APPEND options "-D${option}=${value}")
  endwhile()
  set(${arg_OUT_FEATURE_OPTIONS} "${options}" PARENT_SCOPE)
endfunction()

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(vcpkg_cmake_configure)
  need(vcpkg-cmake)
  cmake_parse_arguments(arg "" "SOURCE_PATH" "OPTIONS;MAYBE_UNUSED_VARIABLES" ${ARGN})
  set(shared OFF)
  if(LINKAGE STREQUAL "dynamic")
    set(shared ON)
  endif()
  execute_process(
      COMMAND ${CMAKE_COMMAND} -S "${arg_SOURCE_PATH}" -B "${FOLDER}/build" -G Ninja
          -DCMAKE_BUILD_TYPE=Release "-DCMAKE_INSTALL_PREFIX=${CURRENT_PACKAGES_DIR}"
          -DCMAKE_INSTALL_LIBDIR:STRING=lib -DCMAKE_INSTALL_BINDIR:STRING=bin
          -DBUILD_SHARED_LIBS=${shared} ${arg_OPTIONS}
      ERROR_VARIABLE said COMMAND_ERROR_IS_FATAL ANY)
  if(said MATCHES "not used by the project:(.*)")
    foreach(variable IN LISTS arg_MAYBE_UNUSED_VARIABLES)
      string(REPLACE " ${variable}\n" "\n" said "${said}")
    endforeach()
    if(said MATCHES " VRN_| GLSLANG_")
      message(FATAL_ERROR "options that CMakeLists.txt does not have: ${said}")
    endif()
  endif()
endfunction()

function(vcpkg_cmake_install)
  run(${CMAKE_COMMAND} --build "${FOLDER}/build" --target install)
endfunction()

function(vcpkg_cmake_config_fixup)
  need(vcpkg-cmake-config)
  cmake_parse_arguments(arg "" "CONFIG_PATH" "" ${ARGN})
  if(NOT EXISTS "${CURRENT_PACKAGES_DIR}/${arg_CONFIG_PATH}/${PORT}-config.cmake")
    message(FATAL_ERROR "no ${PORT}-config.cmake in ${arg_CONFIG_PATH}")
  endif()
endfunction()

function(vcpkg_fixup_pkgconfig)
endfunction()

function(vcpkg_copy_tools)
  cmake_parse_arguments(arg "AUTO_CLEAN" "" "TOOL_NAMES" ${ARGN})
  foreach(name IN LISTS arg_TOOL_NAMES)
    file(INSTALL "${CURRENT_PACKAGES_DIR}/bin/${name}"
        DESTINATION "${CURRENT_PACKAGES_DIR}/tools/${PORT}" USE_SOURCE_PERMISSIONS)
  endforeach()
endfunction()

function(vcpkg_install_copyright)
  cmake_parse_arguments(arg "" "" "FILE_LIST" ${ARGN})
  file(INSTALL ${arg_FILE_LIST} DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
endfunction()

# glslang's port installs its program here.
need(glslang)
find_program(system_glslang NAMES glslangValidator glslang REQUIRED)
file(MAKE_DIRECTORY "${CURRENT_HOST_INSTALLED_DIR}/tools/glslang")
file(CREATE_LINK "${system_glslang}"
    "${CURRENT_HOST_INSTALLED_DIR}/tools/glslang/glslangValidator" SYMBOLIC)
need(volk)
need(vulkan-headers)
set(CMAKE_CURRENT_LIST_DIR "${CURRENT_PORT_DIR}")
include("${CURRENT_PORT_DIR}/portfile.cmake")

# vcpkg refuses a package with libraries of the other kind.
file(GLOB static_ones "${CURRENT_PACKAGES_DIR}/lib/*.a")
file(GLOB shared_ones "${CURRENT_PACKAGES_DIR}/lib/*.so*")
if(LINKAGE STREQUAL "dynamic" AND static_ones OR LINKAGE STREQUAL "static" AND shared_ones)
  message(FATAL_ERROR "libraries of the wrong kind: ${static_ones} ${shared_ones}")
endif()
