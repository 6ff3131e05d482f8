#!/usr/bin/env python3
"""The checks of this folder find the faults that they look for."""

import os
import shutil
import sys
import tempfile
import unittest

import check_allocations
import check_headers
import check_includes
import check_lines
import check_spirv
import check_structs
import check_structure
import check_symbols
import check_version

COMPILER = None
SPIRV_VAL = None
GUARDED = "#ifndef {0}\n#define {0}\n{1}\n#endif\n"


class Tree(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.root)

    def write(self, path, text):
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def expect(self, found, *parts):
        """As many problems as parts, each containing its part."""
        problems, checked = found
        self.assertGreater(checked, 0)
        self.assertEqual(len(problems), len(parts), problems)
        for problem, part in zip(problems, parts):
            self.assertIn(part, problem)


class Allocations(Tree):
    def allocations(self, path, text, *expect):
        self.write("src/base/alloc.c", "void *p = malloc(1);\n")
        self.write("src/base/other.c", "")
        self.write(path, text)
        self.expect(check_allocations.check(self.root, ["base", "net"]), *expect)

    def test_own(self):
        self.allocations("src/net/x.c",
                         "x = vrn_alloc(1, 2);\n// a->free(b)\n/* malloc(1) */ vrn_free(x);\n")

    def test_member(self):
        self.allocations("src/net/x.c", "p->free(x); p.free(x);\n")

    def test_foreign(self):
        self.allocations("src/net/x.c", "\nx = strdup (y);\nfree(x);\n", "x.c:2: strdup",
                         "x.c:3: free")

    def test_application(self):
        self.allocations("src/cli/x.c", "x = malloc(1);\n")


class Includes(Tree):
    def includes(self, path, *lines, expect=()):
        for header in ("include/vkresnet/vkresnet.h", "src/base/log.h", "src/gpu/device.h",
                       "src/net/graph.h"):
            self.write(header, "")
        self.write(path, "".join(f"#include {line}\n" for line in lines))
        self.expect(check_includes.check(self.root), *expect)

    def test_downward(self):
        self.includes("src/net/x.c", "<vkresnet/vkresnet.h>", '"base/log.h"', '"graph.h"',
                      "<math.h>")

    def test_upward(self):
        self.includes("src/gpu/x.c", '"net/graph.h"', expect=["gpu may not know net"])

    def test_application(self):
        self.includes("src/cli/x.c", '"base/log.h"', "<vkresnet/vkresnet.h>")
        self.includes("src/cli/x.c", '"gpu/device.h"', expect=["cli may not know gpu"])

    def test_example(self):
        self.includes("examples/view/x.c", '"../../src/base/log.h"', "<GLFW/glfw3.h>",
                      expect=["may not know base"])

    def test_library_knows_no_application(self):
        self.write("src/cli/parse.h", "")
        self.includes("src/net/x.c", '"cli/parse.h"', expect=["net may not know cli"])

    def test_unknown_layer(self):
        self.includes("src/other/x.c", '"base/log.h"', expect=["no layer"])

    def test_missing(self):
        self.includes("src/net/x.c", '"net/other.h"', expect=["no such file"])

    def test_commented(self):
        self.includes("src/gpu/x.c", '"base/log.h"\n/*\n#include "net/graph.h"\n*/')

    def test_posix(self):
        self.includes("src/base/x.c", "<unistd.h>", expect=["belongs in an os file"])

    def test_posix_in_os_file(self):
        self.includes("src/base/os_posix.c", "<unistd.h>", "<sys/mman.h>")

    def test_vulkan(self):
        self.includes("src/net/x.c", "<volk.h>", expect=["only gpu, ops, plan, session, tools may"])

    def test_public_header(self):
        self.includes("include/vkresnet/more.h", "<vulkan/vulkan_core.h>", '"../../src/base/log.h"',
                      expect=["not for a public header", "know nothing inside"])

    def test_circle(self):
        self.write("src/base/a.h", '#include "b.h"\n')
        self.write("src/base/b.h", '#include "base/a.h"\n')
        self.expect(check_includes.check(self.root), "src/base/a -> src/base/b -> src/base/a")

    def test_circle_of_files(self):
        """No compiler sees this one: b.c includes a.h, a.c includes c.h, c.h includes b.h."""
        for name in "abc":
            self.write(f"src/base/{name}.h", "")
        self.write("src/base/b.c", '#include "base/a.h"\n')
        self.write("src/base/a.c", '#include "base/c.h"\n#include "base/a.h"\n')
        self.expect(check_includes.check(self.root))
        self.write("src/base/c.h", '#include "b.h"\n')
        self.expect(check_includes.check(self.root),
                    "base/a -> src/base/c -> src/base/b -> src/base/a")

    def test_circle_of_a_system(self):
        for name in ("os", "a"):
            self.write(f"src/base/{name}.h", "")
        self.write("src/base/os_windows.c", '#include "base/a.h"\n')
        self.write("src/base/a.c", '#include "base/os.h"\n')
        self.expect(check_includes.check(self.root), "circle of files: src/base/a -> src/base/os")

    def test_known_circle(self):
        self.write("src/base/a.h", '#include "b.h"\n')
        self.write("src/base/b.h", '#include "a.h"\n')
        listed = "src/base/a src/base/b src/base/c"
        self.expect(check_includes.check(self.root, [listed]))
        self.write("src/base/b.h", "")
        self.expect(check_includes.check(self.root, [listed]), "no circle any more")


class Headers(Tree):
    def check(self):
        return check_headers.check(self.root, COMPILER, [])

    def public(self, language):
        return check_headers.check_public(self.root, language, COMPILER, [])

    def test_alone(self):
        self.write("src/base/a.h", GUARDED.format("A_H",
                                                  "#include <stddef.h>\nsize_t vrn_a(void);"))
        self.expect(self.check())

    def test_needs_another(self):
        self.write("src/base/a.h", GUARDED.format("A_H", "size_t vrn_a(void);"))
        self.expect(self.check(), "a.h: does not compile alone as c")

    def test_no_guard(self):
        self.write("src/base/a.h", "typedef struct a { int b; } a;\n")
        self.expect(self.check(), "a.h: does not compile alone as c")

    def test_cpp(self):
        self.write("include/a.h", GUARDED.format("A_H", "int vrn_a(int new);"))
        self.expect(self.check())
        problems, checked = self.public("c++")
        self.assertEqual(len(problems), checked)
        self.assertIn("a.h: does not compile as c++11", problems[0])

    def test_warnings(self):
        self.write("include/a.h",
                   GUARDED.format("A_H", "static inline char vrn_a(int x) { return x; }"))
        self.expect(self.check())
        problems, checked = self.public("c")
        self.assertEqual(len(problems), checked)

    def test_structs(self):
        rule = ("/* - Structs end in `reserved` words. These have no reserved words: vrn_a,"
                " vrn_gone. */\n")
        self.write("include/vkresnet/vkresnet.h", rule + """typedef struct vrn_a {
    int x;
} vrn_a;
typedef struct vrn_b {
    int x;
    uint64_t reserved[2];
} vrn_b;
struct vrn_c {
    uint64_t reserved[2];
    int x;
};
""")
        self.write("tests/unit/test_abi.c", "LAYOUT(vrn_a, x) LAYOUT(vrn_c, x)")
        self.expect(check_structs.check(self.root), "vrn_b: no row in", "vrn_c: does not end in",
                    "vrn_gone")

    def test_filled(self):
        """A class that fills a struct has a function for each member but the reserved words."""
        self.write("include/vkresnet/vkresnet.h", """/* These have no reserved words: . */
typedef struct vrn_a {
    uint32_t x, y; /* in pixels */
    const char *const *list;
    uint32_t count;
    bool (*load)(void *user, int z);
    uint64_t reserved[2];
} vrn_a;
""")
        self.write("tests/unit/test_abi.c", "LAYOUT(vrn_a, x)")
        text = """class a : public filled<a, vrn_a>
{
  public:
    VKRESNET_SET(x)
    VKRESNET_SET_LIST(list, count)
    VKRESNET_SET(load)
};
"""
        self.write("include/vkresnet/vkresnet.hpp", text)
        self.expect(check_structs.check(self.root), "no function for vrn_a.y")
        self.write("include/vkresnet/vkresnet.hpp", text.replace("(x)", "(x) VKRESNET_SET(y)"))
        self.expect(check_structs.check(self.root))
        self.write("include/vkresnet/vkresnet.hpp", text.replace("class a :", "struct a :"))
        self.expect(check_structs.check(self.root), "are not read")


class Lines(Tree):
    def test_lines(self):
        self.write("src/base/a.c", "\u00e9" * 100 + "\n")
        self.write("src/base/b.c", "x" * 101 + "\nx \n\n")
        self.write("src/base/c.md", "x" * 101 + "\n")
        self.expect(check_lines.check(self.root, files=()), "b.c:1: 101 columns", "b.c:2: space")


class Version(Tree):
    def test_version(self):
        self.write(check_version.HEADER, "".join(f"#define VRN_VERSION_{part} {number}\n"
                                                 for part, number in zip(
                                                     ("MAJOR", "MINOR", "PATCH"), (1, 2, 3))))
        self.write("a.md", "of 1.2.3 of 1.2\n")
        self.write("b.md", "of 1.2.4 of 1.20\n")
        self.write("c.md", "1.2.3\n")
        self.write("CHANGELOG.md", "## [1.2.2] - 2026-01-01\n\n## [1.2.3] - 2025-01-01\n")
        names = dict.fromkeys(("a.md", "b.md", "c.md"), r"of ([\d.]+)")
        self.expect(check_version.check(self.root, names), "b.md: 1.2.4 instead of 1.2.3",
                    "b.md: 1.20 ", "c.md: no version", "CHANGELOG.md: the newest")


class Structure(Tree):
    WIDE = "typedef struct wide { " + "".join(f"int f{i}; " for i in range(17)) + "} wide;\n"
    WRITE = "void {}(wide *w)\n{{\n    w->f{} = 1;\n}}\n"

    def structure(self, *expect, known=()):
        self.expect(check_structure.check(self.root, known), *expect)

    def test_file(self):
        self.write("src/base/a.c", "\n" * 500)
        self.write("src/base/b.c", "\n" * 501)
        self.write("tests/unit/c.c", "\n" * 501)
        self.structure("b.c: 501 lines")

    def test_function(self):
        body = "    { ; }\n" * 78
        self.write("src/base/a.c", "int x[] = {1};\nint a(void)\n{\n" + body[:-10] + "}\n\n"
                   + "/* } */ static int b(int c,\n  int d)\n{\n" + body + "}\n")
        self.structure("a.c:83: b: 82 lines")

    def test_struct(self):
        self.write("src/base/a.h", self.WIDE)
        self.write("src/base/a.c", self.WRITE.format("a", 0) + self.WRITE.format("b", 1))
        self.structure()
        self.write("src/base/b.c", "bool b(const wide *w) { return w->f0 == 1 || w->f1; }\n")
        self.structure()
        self.write("src/base/c.c", self.WRITE.format("c", 2))
        self.structure("wide: 17 fields, more than 16, and written by src/base/a.c, src/base/c.c")
        self.structure(known=["wide"])
        self.write("src/base/c.c", "")
        self.structure("wide: no longer too large", known=["wide"])

    def test_copy(self):
        """A variable of the function's own is a copy, which no other file sees."""
        self.write("src/base/a.h", self.WIDE)
        self.write("src/base/a.c", self.WRITE.format("a", 0))
        self.write("src/base/b.c", "void b(const wide *w)\n{\n    wide c = *w;\n    c.f1 = 2;\n}\n")
        self.structure()
        self.write("src/base/b.c", "static wide c;\nvoid b(void)\n{\n    c.f1 = 2;\n}\n")
        self.structure("written by src/base/a.c, src/base/b.c")

    def test_same_field(self):
        """A name that two structs have belongs to the one whose type the variable has."""
        self.write("src/base/a.h", self.WIDE + "typedef struct slim { int f0; wide *more; } slim;")
        self.write("src/base/a.c", self.WRITE.format("a", 0))
        self.write("src/base/b.c", "void b(slim *s) { s->f0++; }\n")
        self.structure()
        self.write("src/base/c.c", "void c(slim *s) { s->more->f0++; }\n")
        self.structure("written by src/base/a.c, src/base/c.c")

    def test_inner_struct(self):
        """Anonymous parts belong to the struct around them, and so do writes to a part of it."""
        self.write("src/base/a.h", "typedef struct part { int g; } part;\ntypedef struct wide {\n"
                   + "union { int u; float v; }; int a, b[2], *c; void (*f)(int, int); part p;\n"
                   + "".join(f"int h{i};" for i in range(9)) + "} wide;\n")
        self.write("src/base/a.c", "void a(wide *w) { w->b[1] += 2; }\n")
        self.structure()
        self.write("src/base/b.c", "void b(wide *w) { w->p.g = 3; }\n")
        self.structure()
        header = os.path.join(self.root, "src/base/a.h")
        with open(header, encoding="utf-8") as file:
            text = file.read()
        self.write("src/base/a.h", text.replace("int h0;", "int h0; int last;"))
        self.structure("17 fields")


class Symbols(unittest.TestCase):
    HEADER = """/* VRN_API void vrn_comment(void); */
VRN_API vrn_result vrn_create(vrn_x **x,
                              int y);
VRN_API const char *vrn_name(void);
"""

    def check(self, check, *symbols):
        table = "".join(f"     {i}: 0000000000000000     8 {symbol}\n"
                        for i, symbol in enumerate(symbols))
        return len(check(table, check_symbols.declarations(self.HEADER))[0])

    def test_declarations(self):
        self.assertEqual(check_symbols.declarations(self.HEADER), {"vrn_create", "vrn_name"})

    def test_static(self):
        good = ["FUNC    GLOBAL HIDDEN     1 vrn_create", "FUNC    GLOBAL HIDDEN     1 vrn_name"]
        self.assertEqual(
            self.check(check_symbols.check_static, *good, "FUNC    GLOBAL HIDDEN     1 vrn_inner",
                       "OBJECT  GLOBAL HIDDEN     1 vrn_vkCreateInstance",
                       "FUNC    LOCAL  DEFAULT    1 helper", "NOTYPE  GLOBAL DEFAULT  UND malloc"),
            0)
        for bad in ("FUNC    GLOBAL DEFAULT    1 vrn_inner", "FUNC    GLOBAL HIDDEN     1 inner",
                    "OBJECT  GLOBAL HIDDEN     1 vkCreateInstance"):
            self.assertEqual(self.check(check_symbols.check_static, *good, bad), 1, bad)
        self.assertEqual(self.check(check_symbols.check_static, good[0]), 1)
        self.assertEqual(
            self.check(check_symbols.check_static, good[0], "FUNC    GLOBAL DEFAULT    1 vrn_name"),
            1)

    def test_shared(self):
        good = ["FUNC    GLOBAL DEFAULT    1 vrn_create", "FUNC    GLOBAL DEFAULT    1 vrn_name"]
        self.assertEqual(
            self.check(check_symbols.check_shared, *good, "NOTYPE  GLOBAL DEFAULT  UND malloc"), 0)
        self.assertEqual(
            self.check(check_symbols.check_shared, *good, "FUNC    GLOBAL DEFAULT    1 vrn_inner"),
            1)
        self.assertEqual(self.check(check_symbols.check_shared, good[0]), 1)


class Spirv(Tree):
    HEADER = [0x07230203, 0x00010300, 0, 5, 0]
    LINKAGE = [0x00020011, 5]  # OpCapability Linkage: not for Vulkan
    MODULE = [
        0x00020011, 1,  # OpCapability Shader
        0x0003000E, 0, 1,  # OpMemoryModel Logical GLSL450
        0x0004000F, 5, 1, 0x6D,  # OpEntryPoint GLCompute %1 "m"
        0x00060010, 1, 17, 1, 1, 1,  # OpExecutionMode %1 LocalSize 1 1 1
        0x00020013, 2, 0x00030021, 3, 2,  # %2 = OpTypeVoid; %3 = OpTypeFunction %2
        0x00050036, 2, 1, 0, 3,  # %1 = OpFunction %2 None %3
        0x000200F8, 4, 0x000100FD, 0x00010038,  # OpLabel, OpReturn, OpFunctionEnd
    ]

    def check(self, words):
        array = ", ".join(f"0x{word:08x}" for word in words)
        self.write("a.spv.h", f"// 0x07230203\nconst uint32_t spirv[] = {{\n{array}\n}};\n")
        return check_spirv.check(SPIRV_VAL, self.root)

    def test_modules(self):
        self.expect(self.check(self.HEADER + self.MODULE))
        self.expect(self.check(self.HEADER + self.LINKAGE + self.MODULE), "Linkage")
        self.expect(self.check(self.HEADER + self.MODULE[:-1]), "a.spv.h")
        self.expect(self.check(self.MODULE), "no SPIR-V")
        self.expect(self.check([self.HEADER[0], 0x00010400] + self.HEADER[2:] + self.MODULE),
                    "version 0x10400")


if __name__ == "__main__":
    COMPILER, SPIRV_VAL = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
