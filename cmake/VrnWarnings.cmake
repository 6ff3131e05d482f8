# Further warnings for the sources of the libraries and the program. mingw-w64's isfinite converts.
set(VRN_SOURCE_WARNINGS $<$<NOT:$<BOOL:${MINGW}>>:-Wconversion>)

# vrn_add_warnings(TARGET OPTION...): the warnings that every target of the project is built with,
# and those options, unless another project includes this one and has its own; and the sanitizers
# asked for. A field that is not named is zero, which is its default. Whatever a project that
# includes this one computes with, NaN and infinity are numbers here.
function(vrn_add_warnings target)
  target_compile_options(${target} PRIVATE -fno-fast-math)
  if(PROJECT_IS_TOP_LEVEL)
    target_compile_options(${target} PRIVATE
        -Wall -Wextra -Wpedantic -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith
        -Wvla -Wundef -Wformat=2 -Wwrite-strings -Wno-missing-field-initializers -Wshadow ${ARGN})
  endif()
  if(MINGW)
    target_compile_definitions(${target} PRIVATE __USE_MINGW_ANSI_STDIO=1) # %zu
  endif()
  if(VRN_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(VRN_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${VRN_SANITIZE} -fno-omit-frame-pointer -g
        -fno-sanitize-recover=all)
    target_link_options(${target} PUBLIC -fsanitize=${VRN_SANITIZE})
  endif()
endfunction()
