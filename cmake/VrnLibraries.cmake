# Both kinds of a library from one list of sources, most of which are compiled once.
#
# Only the shared library makes the functions of the public headers visible (VRN_API): an
# application's own plugin that links the static one exports none of them. The compiler decides
# that, so the sources that define such functions are compiled for each kind; the others are objects
# of both.

# Before 1.0 the interface may change with the minor version.
set(VRN_SOVERSION ${PROJECT_VERSION_MAJOR})
if(VRN_SOVERSION EQUAL 0)
  set(VRN_SOVERSION 0.${PROJECT_VERSION_MINOR})
endif()

# The names of the functions that the public headers declare.
file(GLOB headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/include/vkresnet/*.h")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${headers})
set(VRN_EXPORTS "")
foreach(header IN LISTS headers)
  file(READ "${header}" text)
  string(REGEX MATCHALL "VRN_API [^;{(]*\\(" declarations "${text}")
  list(TRANSFORM declarations REPLACE "^.*[ *](vrn_[a-z0-9_]+)\\($" "\\1")
  list(APPEND VRN_EXPORTS ${declarations})
endforeach()

# vrn_split(EXPORTING OTHERS SOURCE...): which sources define functions of the public headers.
function(vrn_split exporting others)
  set(found "")
  set(rest "")
  foreach(source IN LISTS ARGN)
    set(exports OFF)
    if(source MATCHES "\\.c$" AND EXISTS "${source}")
      # The name begins its line where the type before it stands on the one above.
      file(STRINGS "${source}" lines REGEX "^([a-z][^(]*[ *])?vrn_[a-z0-9_]+\\(")
      list(TRANSFORM lines REPLACE "^([^(]*[ *])?(vrn_[a-z0-9_]+)\\(.*$" "\\2")
      foreach(name IN LISTS lines)
        if(name IN_LIST VRN_EXPORTS)
          set(exports ON)
        endif()
      endforeach()
    endif()
    if(exports)
      list(APPEND found "${source}")
    else()
      list(APPEND rest "${source}")
    endif()
  endforeach()
  set(${exporting} "${found}" PARENT_SCOPE)
  set(${others} "${rest}" PARENT_SCOPE)
endfunction()

# vrn_add_libraries(NAME KINDS OBJECTS SOURCE...): NAME_static and NAME_shared, as KINDS says, and
# the objects of both, NAME_objects. OBJECTS: more of those, which are compiled elsewhere. What all
# need to be compiled is the same: NAME_TARGETS lists them.
function(vrn_add_libraries name kinds objects)
  vrn_split(exporting others ${ARGN})
  add_library(${name}_objects OBJECT EXCLUDE_FROM_ALL ${others})
  set(targets ${name}_objects)
  foreach(kind IN LISTS kinds)
    string(TOUPPER ${kind} type)
    add_library(${name}_${kind} ${type} ${exporting} ${objects} $<TARGET_OBJECTS:${name}_objects>)
    set_target_properties(${name}_${kind} PROPERTIES
        OUTPUT_NAME ${name} VERSION ${PROJECT_VERSION} SOVERSION ${VRN_SOVERSION}
        # Another project builds what it links.
        EXCLUDE_FROM_ALL $<NOT:$<BOOL:${VRN_INSTALL}>>)
    list(APPEND targets ${name}_${kind})
  endforeach()
  if("shared" IN_LIST kinds)
    target_compile_definitions(${name}_shared PRIVATE VRN_BUILD_SHARED)
  endif()
  foreach(target IN LISTS targets)
    target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/src")
    target_include_directories(${target} PUBLIC
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_compile_definitions(${target} PRIVATE VRN_BUILD)
    vrn_add_warnings(${target} ${VRN_SOURCE_WARNINGS})
  endforeach()
  set(${name}_TARGETS "${targets}" PARENT_SCOPE)
endfunction()
