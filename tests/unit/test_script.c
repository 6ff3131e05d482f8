/* Programs of TorchScript: what was traced, and what was scripted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "checkpoint/script.h"

static void expect(const char *program, const char *class, const char *expected)
{
    const vrn_pickle_global global = {.name = class, .name_length = strlen(class)};
    char text[320] = "X";
    vrn_script_describe(text, sizeof text, program, strlen(program), &global);
    assert_string_equal(text, expected);
}

static const char scripted[] =
    "class MaxPool2d(Module):\n"
    "  __parameters__ = []\n"
    "  stride : Final[int] = 2\n"
    "  kernel_size : Final[int] = 3\n"
    "  ceil_mode : Final[bool] = False\n"
    "  padding : Final[int] = 1\n"
    "  def forward(self: __torch__.torch.nn.modules.pooling.MaxPool2d,\n"
    "    input: Tensor) -> Tensor:\n"
    "    _0 = __torch__.torch.nn.functional._max_pool2d\n"
    "    _1 = _0(input, [3, 3], [2, 2], [1, 1], [1, 1], False, False, )\n"
    "    return _1\n"
    "class Conv2d(Module):\n"
    "  stride : Final[Tuple[int, int]] = (2, 2)\n"
    "  dilation : Final[Tuple[int, int]] = (1, 1)\n"
    "  padding : Final[Tuple[int, int]] = (3, 3)\n"
    "  groups : Final[int] = 1\n"
    "  padding_mode : Final[str] = \"zeros\"\n"
    "  def _conv_forward(self, input: Tensor, weight: Tensor, bias: Optional[Tensor]):\n"
    "    _1 = torch.conv2d(input, weight, bias, [4, 4], [3, 3], [1, 1])\n"
    "class BatchNorm2d(Module):\n"
    "  eps : Final[float] = 1.0000000000000001e-05\n";

static void test_scripted(void **state)
{
    (void)state;
    expect(scripted, "MaxPool2d", "X kernel_size=3 stride=2 padding=1 ceil_mode=0");
    expect(scripted, "Conv2d", "X stride=2,2 padding=3,3 dilation=1,1 groups=1 padding_mode=zeros");
    expect(scripted, "BatchNorm2d", "X eps=1.0000000000000001e-05");
    expect(scripted, "Conv", "X");
    expect(scripted, "MaxPool2", "X");
}

static void test_traced(void **state)
{
    (void)state;
    static const char traced[] =
        "class Conv2d(Module):\n"
        "  def forward(self, x: Tensor) -> Tensor:\n"
        "    input = torch._convolution(x, self.weight, None, [2, 2], [3, 3], [1, 1], False, "
        "[0, 0], 4, False, False, True, True)\n"
        "class Identity(Module):\n"
        "  def forward(self) -> NoneType:\n"
        "    return None\n";
    expect(traced, "Conv2d", "X stride=2,2 padding=3,3 dilation=1,1 groups=4");
    expect(traced, "Identity", "X");
    expect("class A(Module):\n  stride : Final[", "A", "X");
    expect("class A(Module):\n  stride : Final[int] = ", "A", "X");
}

/* A class with layers fc1 and fc2, and this code. */
static void expect_own(const char *code, const char *expected)
{
    char program[1024];
    snprintf(program, sizeof program,
             "class Net(Module):\n"
             "  __parameters__ = []\n"
             "  fc1 : __torch__.torch.nn.modules.linear.Linear\n"
             "  fc2 : __torch__.torch.nn.modules.linear.___torch_mangle_3.Linear\n"
             "  relu : __torch__.torch.nn.modules.activation.ReLU\n"
             "  drop : __torch__.torch.nn.modules.dropout.Dropout\n"
             "  def forward(self: __torch__.Net,\n"
             "    x: Tensor) -> Tensor:\n"
             "    fc2 = self.fc2\n"
             "    drop = self.drop\n"
             "    relu = self.relu\n"
             "    fc1 = self.fc1\n%s"
             "class Other(Module):\n"
             "  def forward(self, x: Tensor) -> Tensor:\n"
             "    return (fc2).forward((fc1).forward(x, ), )\n",
             code);
    expect(program, "Net", expected);
}

/* Whether a linear layer reads another one's result. */
static void test_straight(void **state)
{
    (void)state;
    static const char *const straight[] = {
        "    _1 = (fc2).forward((fc1).forward(x, ), )\n    return _1\n",
        "    x0 = (fc1).forward(x, )\n    return (fc2).forward(x0, )\n",
        "    x0 = (fc1).forward(x, )\n    x1 = (drop).forward(x0, )\n    x2 = x1\n"
        "    return (fc2).forward(x2, )\n",
        "    a = (relu).forward(x, )\n"
        "    return (fc2).forward1((drop).forward((fc1).forward2(a, ), ), )\n",
    };
    for (size_t i = 0; i < sizeof straight / sizeof *straight; i++) {
        expect_own(straight[i], "X straight=fc1>fc2");
    }
    static const char branches[] = "    x0 = (fc1).forward(x, )\n    if b:\n      x1 = "
                                   "torch.relu(x0)\n    else:\n      x1 = x0\n"
                                   "    return (fc2).forward(x1, )\n";
    static const char *const others[] = {
        "    return (fc2).forward(torch.relu((fc1).forward(x, )), )\n",
        "    return (fc2).forward((relu).forward1((fc1).forward(x, ), ), )\n",
        "    x0 = torch.clamp((fc1).forward(x, ), 0.)\n    return (fc2).forward(x0, )\n",
        "    x0 = (fc1).forward(x, )\n    x1 = torch.relu(x0)\n    return (fc2).forward(x1, )\n",
        branches,
        "    return (fc2).forward(x, )\n",
        "    x0 = x0\n    return (fc2).forward(x0, )\n",
        "    return (fc2).forward(\n",
        "    return (fc2).forward\n",
        "    (\n",
        "",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) expect_own(others[i], "X");
    expect_own("    x0 = torch.tanh(x)\n    return (fc2).forward((fc1).forward(x, ), )\n",
               "X call=tanh straight=fc1>fc2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scripted),
        cmocka_unit_test(test_traced),
        cmocka_unit_test(test_straight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
