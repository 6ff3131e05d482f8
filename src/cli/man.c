#include "cli/command.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <vkresnet/vkresnet.h>

/* Text for roff: a backslash, a hyphen that is to be copied from the page, and what makes a line a
 * request are escaped. `at_start`: the text begins a line. */
static void print_text(const char *text, bool at_start)
{
    for (; *text; text++) {
        if (at_start && (*text == '.' || *text == '\'')) fputs("\\&", stdout);
        if (*text == '\\') {
            fputs("\\e", stdout);
        } else if (*text == '-') {
            fputs("\\-", stdout);
        } else if (*text == '~') {
            fputs("\\(ti", stdout);
        } else {
            putchar(*text);
        }
        at_start = *text == '\n';
    }
}

static void print_paragraph(const char *text)
{
    print_text(text, true);
    putchar('\n');
}

static void print_command(const cli_command *command)
{
    printf(".SS ");
    print_text(command->name, false);
    printf("\n.B vkresnet %s\n", command->name);
    print_paragraph(command->usage);
    puts(".PP");
    print_paragraph(command->details);
    puts(".PP\nExamples:\n.PP\n.nf");
    print_text(command->examples, true);
    puts(".fi");
}

static void print_option(cli_option option, const cli_command *const *commands, size_t count)
{
    const cli_option_text text = cli_option_describe(option);
    printf(".TP\n.B ");
    print_text(text.name, false);
    if (text.value) {
        printf(" \\fI");
        print_text(text.value, false);
        printf("\\fR");
    }
    putchar('\n');
    print_paragraph(text.help);

    size_t takers = 0;
    for (size_t i = 0; i < count; i++) takers += commands[i]->options >> option & 1;
    if (takers == count) return;
    bool others = count - takers < takers;
    size_t named = others ? count - takers : takers;
    printf(".br\nFor %s", others ? "all but " : "");
    for (size_t i = 0, shown = 0; i < count; i++) {
        if ((commands[i]->options >> option & 1) == others) continue;
        const char *before = shown == 0 ? "" : shown + 1 < named ? ", " : " and ";
        printf("%s%s", before, commands[i]->name);
        shown++;
    }
    puts(".");
}

static void print_surroundings(void)
{
    puts(
        ".SH ENVIRONMENT\n"
        ".TP\n.B VKRESNET_CACHE\n"
        "The folder for compiled pipelines, what \\-\\-tune found, and downloaded weights (in its\n"
        "folder hub); empty: nothing is kept.\n"
        "Else the folder vkresnet in\n.B XDG_CACHE_HOME\nor in \\(ti/.cache.\n"
        "It may be deleted at any time.\n"
        ".TP\n.B VKRESNET_OFFLINE\nNeither empty nor 0: weights are never downloaded.\n"
        ".TP\n.B VKRESNET_HUB_URL\nWhere weights are downloaded from instead of PyTorch's "
        "server.\n"
        ".TP\n.B VKRESNET_REGISTRY\nA registry of weights in place of the built-in one.\n"
        ".TP\n.B VKRESNET_HUB_TIMEOUT\nSeconds after which a download that stands still is given "
        "up; 30.\n"
        ".TP\n.B TORCH_HOME\nWhere PyTorch keeps weights, which are used too, if it is not "
        "\\(ti/.cache/torch.\n"
        ".TP\n.B https_proxy, no_proxy, CURL_CA_BUNDLE, SSL_CERT_FILE\n"
        "Proxies and certificates of downloads, as the program curl has them.\n"
        ".TP\n.B VKRESNET_DATA\nThe folder of the small model, if it is not where it was "
        "installed.\n"
        ".TP\n.B VK_DRIVER_FILES\n"
        "Read by the Vulkan loader: the ICD file of the driver to use, such as a software "
        "driver's.\n"
        ".SH COMPLETION\n"
        "Where the package bash\\-completion is installed, bash completes commands, options and "
        "their "
        "values.\n"
        "Elsewhere:\n.PP\n.nf\n  . <(vkresnet \\-\\-completion bash)\n.fi\n"
        ".SH EXIT STATUS\n"
        "0, 1 if something failed, 2 if the command line is wrong.");
}

void cli_man_print(const cli_command *const *commands, size_t count)
{
    printf(".TH VKRESNET 1 \"\" \"VkResNet %d.%d.%d\" \"User Commands\"\n", VRN_VERSION_MAJOR,
           VRN_VERSION_MINOR, VRN_VERSION_PATCH);
    puts(".ad l\n.SH NAME\nvkresnet \\- ResNet inference on any Vulkan device\n"
         ".SH SYNOPSIS\n"
         ".B vkresnet\n.I COMMAND\n[\\fIOPTION\\fR|\\fIARGUMENT\\fR]..\n.br\n"
         ".B vkresnet\n[\\fICOMMAND\\fR] \\fB\\-\\-help\\fR\n.br\n"
         ".B vkresnet \\-\\-version\n.br\n"
         ".B vkresnet \\-\\-completion bash\n"
         ".SH DESCRIPTION\n"
         "Runs residual networks, from a checkpoint as PyTorch writes it or from safetensors, with "
         "compute\n"
         "shaders on a GPU or on a software driver. Options and arguments may be mixed;\n"
         ".B \\-\\-\nends the options.\n"
         ".SH COMMANDS");
    for (size_t i = 0; i < count; i++) print_command(commands[i]);
    puts(".SH OPTIONS\nOptions for which no command is named are taken by all.");
    for (int option = 0; option < CLI_OPTIONS; option++) {
        print_option((cli_option)option, commands, count);
    }
    print_surroundings();
}
