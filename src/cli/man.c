#include "cli/command.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <vkresnet/vkresnet.h>

#include "cli/embedded.h"

/* Prints text for roff. Escapes backslashes, hyphens (so that they can be copied from the page) and
 * characters that would make a line a request. `at_start`: the text begins a line. */
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

/* Prints a text up to a marker. Returns the text after the marker. */
static const char *print_until(const char *text, const char *marker)
{
    const size_t length = strcspn(text, "@");
    fwrite(text, 1, length, stdout);
    return text + length + strlen(marker);
}

void cli_man_print(const cli_command *const *commands, size_t count)
{
    const char *text = print_until(cli_manual, "@VERSION@");
    printf("%d.%d.%d", VRN_VERSION_MAJOR, VRN_VERSION_MINOR, VRN_VERSION_PATCH);
    text = print_until(text, "@COMMANDS@\n");
    for (size_t i = 0; i < count; i++) print_command(commands[i]);
    text = print_until(text, "@OPTIONS@\n");
    for (int option = 0; option < CLI_OPTIONS; option++) {
        print_option((cli_option)option, commands, count);
    }
    fputs(text, stdout);
}
