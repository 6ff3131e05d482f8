# Files as arrays of C.
#
# vrn_embed(SOURCE FILE ARRAY [LINES]): sets SOURCE to a generated C file that defines the bytes of
# the text FILE as `const char ARRAY[]`, ending with a NUL, and their number without it as `const
# size_t ARRAY_size`; or with LINES its lines as `const char *const ARRAY[]`.
#
# The build runs this file as a script: cmake -DINPUT= -DOUTPUT= -DARRAY= -DLINES= -P VrnEmbed.cmake
if(NOT CMAKE_SCRIPT_MODE_FILE)
  set(VRN_EMBED_SCRIPT "${CMAKE_CURRENT_LIST_FILE}")

  function(vrn_embed source file array)
    set(output "${CMAKE_CURRENT_BINARY_DIR}/${array}.c")
    set(lines OFF)
    if("LINES" IN_LIST ARGN)
      set(lines ON)
    endif()
    add_custom_command(
        OUTPUT "${output}"
        COMMAND ${CMAKE_COMMAND} -DINPUT=${file} -DOUTPUT=${output} -DARRAY=${array}
        -DLINES=${lines}
            -P "${VRN_EMBED_SCRIPT}"
        DEPENDS "${file}" "${VRN_EMBED_SCRIPT}"
        COMMENT "Embedding ${file}"
        VERBATIM)
    set(${source} "${output}" PARENT_SCOPE)
  endfunction()
  return()
endif()

if(LINES)
  file(STRINGS "${INPUT}" lines ENCODING UTF-8)
  set(text "extern const char *const ${ARRAY}[];\nconst char *const ${ARRAY}[] = {\n")
  foreach(line IN LISTS lines)
    string(REPLACE "\\" "\\\\" line "${line}")
    string(REPLACE "\"" "\\\"" line "${line}")
    string(APPEND text "    \"${line}\",\n")
  endforeach()
  string(APPEND text "};\n")
else()
  file(READ "${INPUT}" bytes HEX)
  string(REPEAT "." 32 row)
  string(REGEX REPLACE "(${row})" "\\1\n    " bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1', " bytes "${bytes}")
  set(text "#include <stddef.h>\n\nextern const char ${ARRAY}[];\n")
  string(APPEND text "extern const size_t ${ARRAY}_size;\n\n")
  string(APPEND text "const char ${ARRAY}[] = {\n    ${bytes}\n    0};\n")
  string(APPEND text "const size_t ${ARRAY}_size = sizeof ${ARRAY} - 1;\n")
endif()
file(WRITE "${OUTPUT}" "${text}")
