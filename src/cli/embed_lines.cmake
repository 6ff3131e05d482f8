# Writes the C file OUTPUT with the array NAME of the lines of the text file INPUT:
# cmake -DINPUT= -DOUTPUT= -DNAME= -P
file(STRINGS "${INPUT}" lines ENCODING UTF-8)
set(text "#include \"cli/labels.h\"\n\nconst char *const ${NAME}[CLI_IMAGENET_CLASSES] = {\n")
foreach(line IN LISTS lines)
  string(REPLACE "\\" "\\\\" line "${line}")
  string(REPLACE "\"" "\\\"" line "${line}")
  string(APPEND text "    \"${line}\",\n")
endforeach()
file(WRITE "${OUTPUT}" "${text}};\n")
