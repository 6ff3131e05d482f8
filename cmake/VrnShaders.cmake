# Compiles GLSL to SPIR-V and embeds it.
#
# shaders/NAME.comp becomes the module vrn_module_NAME (gpu/module.h), which the generated modules.h
# declares with all others. A line in the shader such as
#   // variants: texel=-DTEXEL
# makes a second module, vrn_module_NAME_texel, from the same source with these options; several are
# separated by commas.
#
# A line
#   // needs: COOPERATIVE_MATRIX
# says that only newer compilers can compile a shader, and
#   // variants with COOPERATIVE_MATRIX_2: flexible=-DFLEXIBLE
# such variants. Where the compiler cannot, what shaders/kept/ has of them is taken: SPIR-V that
# scripts/keep_spirv.py made.
#
# spirv-opt, where there is one, optimises all others but those for lavapipe: SwiftShader compiles
# what is left in a third less time, but lavapipe takes up to half as long again.
find_program(GLSLANG_VALIDATOR NAMES glslangValidator glslang REQUIRED)
find_program(SPIRV_OPT NAMES spirv-opt)
if(NOT SPIRV_OPT)
  message(STATUS "Shaders: not optimised (spirv-opt of spirv-tools does that)")
endif()
set(VRN_EMBED_SPIRV "${CMAKE_CURRENT_LIST_DIR}/VrnEmbedSpirv.cmake")

# What a module is compiled for: SPIR-V 1.3, which every driver takes; the second extension demands
# 1.6.
set(VRN_GLSLANG_TARGET --target-env vulkan1.1)
set(VRN_GLSLANG_TARGET_COOPERATIVE_MATRIX_2 --target-env vulkan1.1 --target-env spirv1.6)

# vrn_find_matrices(RESULT EXTENSION TITLE HINT STATEMENT TARGET...): whether the compiler accepts
# the statement with GL_EXTENSION.
function(vrn_find_matrices result extension title hint statement)
  set(test "${CMAKE_CURRENT_BINARY_DIR}/shaders/${extension}.comp")
  file(WRITE "${test}" "#version 450
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_${extension} : require
float same(const in uint row, const in uint column, const in float value) { return value; }
void main() { coopmat<float, gl_ScopeSubgroup, 8, 8, gl_MatrixUseAccumulator> m; ${statement} }
")
  execute_process(
      COMMAND ${GLSLANG_VALIDATOR} --quiet -V ${ARGN} -o "${test}.spv" "${test}"
      RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
  if(failed)
    set(${result} OFF PARENT_SCOPE)
    message(STATUS "${title}: shaders as kept (${hint} compiles them)")
  else()
    set(${result} ON PARENT_SCOPE)
  endif()
endfunction()

vrn_find_matrices(VRN_COMPILES_COOPERATIVE_MATRIX KHR_cooperative_matrix "Cooperative matrices"
    "glslang 13" "" ${VRN_GLSLANG_TARGET})
vrn_find_matrices(VRN_COMPILES_COOPERATIVE_MATRIX_2 NV_cooperative_matrix2
    "Cooperative matrices 2" "glslang 15.1" "coopMatPerElementNV(m, m, same);"
    ${VRN_GLSLANG_TARGET_COOPERATIVE_MATRIX_2})

function(vrn_embed_shaders target)
  set(directory "${CMAKE_CURRENT_BINARY_DIR}/shaders")
  file(MAKE_DIRECTORY "${directory}")
  set(declarations "")
  foreach(source IN LISTS ARGN)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${source}")
    file(STRINGS "${source}" lines REGEX "^// needs: ")
    string(REGEX MATCH "[A-Z0-9_]+$" needed "${lines}")
    get_filename_component(name "${source}" NAME_WE)
    vrn_embed_module(${target} "${source}" ${name} "${directory}" "" "${VRN_GLSLANG_TARGET}"
        "${needed}")
    file(STRINGS "${source}" lines REGEX "^// variants")
    foreach(line IN LISTS lines)
      string(REGEX MATCH "^// variants( with ([A-Z0-9_]+))?: (.*)$" matched "${line}")
      separate_arguments(variants UNIX_COMMAND "${CMAKE_MATCH_3}")
      set(environment "${VRN_GLSLANG_TARGET}")
      set(variant_needed "${needed}")
      if(CMAKE_MATCH_2)
        set(variant_needed "${CMAKE_MATCH_2}")
        set(environment "${VRN_GLSLANG_TARGET_${variant_needed}}")
      endif()
      foreach(variant IN LISTS variants)
        string(REGEX MATCH "^([a-z0-9_]+)=(.*)$" matched "${variant}")
        string(REPLACE "," ";" options "${CMAKE_MATCH_2}")
        vrn_embed_module(${target} "${source}" ${name}_${CMAKE_MATCH_1} "${directory}"
            "${options}" "${environment}" "${variant_needed}")
      endforeach()
    endforeach()
  endforeach()
  file(CONFIGURE OUTPUT "${directory}/modules.h" @ONLY CONTENT
"/* The compiled shaders. */
#ifndef VRN_MODULES_H
#define VRN_MODULES_H

#include \"gpu/module.h\"

@declarations@
#endif
")
endfunction()

function(vrn_embed_module target source name directory options environment needed)
  set(header "${directory}/${name}.spv.h")
  set(unit "${directory}/${name}.c")
  set(include "${name}.spv.h")
  if(needed AND NOT VRN_COMPILES_${needed})
    set(header "${CMAKE_CURRENT_SOURCE_DIR}/shaders/kept/${name}.spv.inc")
    set(include "${name}.spv.inc")
    file(REMOVE "${directory}/${name}.spv.h")
    set_source_files_properties("${unit}" PROPERTIES
        INCLUDE_DIRECTORIES "${CMAKE_CURRENT_SOURCE_DIR}/shaders/kept")
  elseif(SPIRV_OPT AND NOT needed AND NOT "${name}" MATCHES "_texel$|_address|_straight|^stack$")
    add_custom_command(
        OUTPUT "${header}"
        COMMAND ${GLSLANG_VALIDATOR} --quiet -V ${environment}
            -I${CMAKE_CURRENT_SOURCE_DIR}/shaders -I${CMAKE_CURRENT_SOURCE_DIR}/src ${options}
            --depfile "${header}.d" -o "${header}" "${source}"
        COMMAND ${SPIRV_OPT} -O "${header}" -o "${directory}/${name}.spv"
        COMMAND ${CMAKE_COMMAND} -DIN=${directory}/${name}.spv -DOUT=${header}
            -DNAME=vrn_spirv_${name} -P "${VRN_EMBED_SPIRV}"
        DEPENDS "${source}" "${VRN_EMBED_SPIRV}"
        DEPFILE "${header}.d"
        COMMENT "Compiling shader ${name}"
        VERBATIM)
  else()
    add_custom_command(
        OUTPUT "${header}"
        COMMAND ${GLSLANG_VALIDATOR} --quiet -V ${environment}
            -I${CMAKE_CURRENT_SOURCE_DIR}/shaders -I${CMAKE_CURRENT_SOURCE_DIR}/src ${options}
            --vn vrn_spirv_${name} --depfile "${header}.d" -o "${header}" "${source}"
        DEPENDS "${source}"
        DEPFILE "${header}.d"
        COMMENT "Compiling shader ${name}"
        VERBATIM)
  endif()
  file(CONFIGURE OUTPUT "${unit}" @ONLY CONTENT
"#include \"gpu/module.h\"

#include \"@include@\"

const vrn_module vrn_module_@name@ = {\"@name@\", vrn_spirv_@name@,
    sizeof vrn_spirv_@name@};
")
  target_sources(${target} PRIVATE "${unit}" "${header}")
  set_source_files_properties("${unit}" PROPERTIES OBJECT_DEPENDS "${header}")
  string(APPEND declarations "extern const vrn_module vrn_module_${name};\n")
  set(declarations "${declarations}" PARENT_SCOPE)
endfunction()
