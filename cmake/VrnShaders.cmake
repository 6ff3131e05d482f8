# Compiles GLSL to SPIR-V and embeds it.
#
# shaders/NAME.comp becomes the module vrn_module_NAME (gpu/module.h). A line in the shader such as
#   // variants: texel=-DTEXEL
# makes a second module, vrn_module_NAME_texel, from the same source with these options; several are
# separated by commas.
#
# A line
#   // needs: cooperative_matrix
# leaves a shader out where the compiler or the Vulkan headers are too old for it: VRN_COOPERATIVE_MATRIX
# tells, here and as a macro.
find_program(GLSLANG_VALIDATOR NAMES glslangValidator glslang REQUIRED)

# glslang 13 and headers 1.3.255 have VK_KHR_cooperative_matrix.
function(vrn_find_cooperative_matrix result)
  set(test "${CMAKE_CURRENT_BINARY_DIR}/shaders/cooperative_matrix.comp")
  file(WRITE "${test}" "#version 450
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
void main() { coopmat<float, gl_ScopeSubgroup, 8, 8, gl_MatrixUseAccumulator> m; }
")
  execute_process(
      COMMAND ${GLSLANG_VALIDATOR} --quiet -V --target-env vulkan1.1 -o "${test}.spv" "${test}"
      RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
  file(STRINGS "${VULKAN_HEADERS_INCLUDE_DIR}/vulkan/vulkan_core.h" header
      REGEX "define VK_KHR_cooperative_matrix " LIMIT_COUNT 1)
  if(failed OR NOT header)
    set(${result} OFF PARENT_SCOPE)
    message(STATUS "Cooperative matrices: left out (glslang 13 and Vulkan headers 1.3.255 have them)")
  else()
    set(${result} ON PARENT_SCOPE)
  endif()
endfunction()

function(vrn_embed_shaders target)
  set(directory "${CMAKE_CURRENT_BINARY_DIR}/shaders")
  file(MAKE_DIRECTORY "${directory}")
  foreach(source IN LISTS ARGN)
    file(STRINGS "${source}" needs REGEX "^// needs: cooperative_matrix")
    if(needs AND NOT VRN_COOPERATIVE_MATRIX)
      continue()
    endif()
    get_filename_component(name "${source}" NAME_WE)
    vrn_embed_module(${target} "${source}" ${name} "${directory}" "")
    file(STRINGS "${source}" variants REGEX "^// variants: ")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${source}")
    string(REPLACE "// variants: " "" variants "${variants}")
    separate_arguments(variants)
    foreach(variant IN LISTS variants)
      string(REGEX MATCH "^([a-z0-9_]+)=(.*)$" matched "${variant}")
      string(REPLACE "," ";" options "${CMAKE_MATCH_2}")
      vrn_embed_module(${target} "${source}" ${name}_${CMAKE_MATCH_1} "${directory}"
          "${options}")
    endforeach()
  endforeach()
endfunction()

function(vrn_embed_module target source name directory options)
  set(header "${directory}/${name}.spv.h")
  set(unit "${directory}/${name}.c")
  add_custom_command(
      OUTPUT "${header}"
      COMMAND ${GLSLANG_VALIDATOR} --quiet -V --target-env vulkan1.1
          -I${CMAKE_CURRENT_SOURCE_DIR}/shaders ${options}
          --vn vrn_spirv_${name} --depfile "${header}.d" -o "${header}" "${source}"
      DEPENDS "${source}"
      DEPFILE "${header}.d"
      COMMENT "Compiling shader ${name}"
      VERBATIM)
  file(CONFIGURE OUTPUT "${unit}" @ONLY CONTENT
"#include \"gpu/module.h\"

#include \"@name@.spv.h\"

const vrn_module vrn_module_@name@ = {\"@name@\", vrn_spirv_@name@,
    sizeof vrn_spirv_@name@};
")
  target_sources(${target} PRIVATE "${unit}" "${header}")
  set_source_files_properties("${unit}" PROPERTIES OBJECT_DEPENDS "${header}")
  target_include_directories(${target} PRIVATE "${directory}")
endfunction()
