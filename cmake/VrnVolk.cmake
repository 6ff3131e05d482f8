# volk with names of the library's own.
#
# volk's functions and tables are global. Hidden visibility keeps them inside a shared library, but
# an application that links the static one and has a volk of its own would define them twice, or
# share them. So `#include <volk.h>` means, in this library, a header that renames vkX to vrn_vkX
# and volkX to vrn_volkX before it includes the real one.
function(vrn_rename_volk target)
  set(directory "${CMAKE_CURRENT_BINARY_DIR}/volk")
  set(original "${VOLK_INCLUDE_DIR}/volk.h")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${original}")
  file(STRINGS "${original}" lines REGEX
      "^[ \t]*(extern PFN_vk|[A-Za-z0-9_]+ volk[A-Z][A-Za-z]*\\()")
  set(names "")
  foreach(line IN LISTS lines)
    string(REGEX MATCH " (volk[A-Z][A-Za-z]*|vk[A-Z][A-Za-z0-9]*)" matched "${line}")
    list(APPEND names "${CMAKE_MATCH_1}")
  endforeach()
  list(REMOVE_DUPLICATES names)
  list(TRANSFORM names REPLACE "(.+)" "#define \\1 vrn_\\1\n")
  string(JOIN "" defines ${names})
  file(CONFIGURE OUTPUT "${directory}/volk.h" @ONLY CONTENT
"/* Made by cmake/VrnVolk.cmake. */
@defines@#include \"@original@\"
")
  target_include_directories(${target} BEFORE PRIVATE "${directory}")
endfunction()
