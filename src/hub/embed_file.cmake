# Writes the C file OUTPUT that defines the bytes of INPUT, which is ASCII: cmake -DINPUT= -DOUTPUT= -P
file(READ "${INPUT}" bytes HEX)
string(REPEAT "." 32 row)
string(REGEX REPLACE "(${row})" "\\1\n    " bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1, " bytes "${bytes}")
file(WRITE "${OUTPUT}" "#include \"hub/registry.h\"\n\nconst char vrn_registry_text[] = {\n    ${bytes}\n};\n"
    "const size_t vrn_registry_size = sizeof vrn_registry_text;\n")
