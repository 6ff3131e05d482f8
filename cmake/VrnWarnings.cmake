# The warnings that every target of the project is built with, and the sanitizers asked for.
function(vrn_add_warnings target)
  target_compile_options(${target} PRIVATE
      -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith
      -Wvla -Wundef -Wformat=2 -Wwrite-strings)
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
