# Writes SPIR-V as C: cmake -DIN=FILE.spv -DOUT=FILE.h -DNAME=ARRAY -P VrnEmbedSpirv.cmake
file(READ "${IN}" bytes HEX)
string(REGEX REPLACE "(..)(..)(..)(..)" "0x\\4\\3\\2\\1," words "${bytes}")
string(REGEX REPLACE "(...........)(...........)(...........)(...........)" "\t\\1\\2\\3\\4\n"
    lines "${words}")
file(WRITE "${OUT}" "#pragma once\nconst uint32_t ${NAME}[] = {\n${lines}\n};\n")
