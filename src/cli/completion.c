#include "cli/completion.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vkresnet/hub.h>

#include "cli/images/walk.h"
#include "cli/system/report.h"

static const char model_extensions[] = "pth|pt|th|tar|bin|safetensors";

static const char head[] =
    "# Completes command lines of vkresnet in bash. Made by: vkresnet --completion bash\n"
    "\n"
    "# What begins like the word: the texts of $1 behind the prefix $2.\n"
    "_vkresnet_words() {\n"
    "    mapfile -t COMPREPLY < <(compgen -P \"$2\" -W \"$1\" -- \"${word#\"$2\"}\")\n"
    "}\n"
    "\n"
    "# Folders, and files whose names end in one of $1 (\"png|jpg\"); *: in anything.\n"
    "_vkresnet_files() {\n"
    "    local name begin=${word#[\\\"\\']}\n"
    "    compopt -o filenames 2> /dev/null\n"
    "    while IFS= read -r name; do\n"
    "        if [[ -d $name || $1 == \\* || ${name,,} =~ \\.($1)$ ]]; then COMPREPLY+=(\"$name\"); "
    "fi\n"
    "    done < <(compgen -f -- \"${begin//\\\\/}\")\n"
    "}\n"
    "\n"
    "_vkresnet() {\n"
    "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "    local options= files= names= prefix=\n"
    "    COMPREPLY=()\n"
    "    # bash takes --option=value for three words.\n"
    "    if [[ $word == = ]]; then\n"
    "        word=\n"
    "    elif [[ $before == = ]]; then\n"
    "        before=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    fi\n";

static const char tail[] = "    if [[ $word == -* ]]; then\n"
                           "        _vkresnet_words \"$options\" ''\n"
                           "    elif [[ -n $names ]]; then\n"
                           "        _vkresnet_words \"$names\" ''\n"
                           "    elif [[ -n $files ]]; then\n"
                           "        _vkresnet_files \"$files\"\n"
                           "    fi\n"
                           "}\n"
                           "complete -F _vkresnet vkresnet\n";

/* How the value that an option's help calls `value` is completed. */
typedef enum completion {
    COMPLETE_NOTHING,
    COMPLETE_WORDS, /* "fp32|fp16|int8" */
    COMPLETE_CAPABILITIES,
    COMPLETE_DEVICES,
    COMPLETE_NETWORKS,
    COMPLETE_MODELS, /* networks, and files */
    COMPLETE_FOLDERS,
    COMPLETE_FILES, /* "FILE", "X.npy" */
} completion;

static completion completion_of(const char *value)
{
    static const struct {
        const char *value;
        completion completion;
    } known[] = {
        {"CAPABILITY,..", COMPLETE_CAPABILITIES},
        {"INDEX|NAME", COMPLETE_DEVICES},
        {"NAME|FILE", COMPLETE_MODELS},
        {"DIR", COMPLETE_FOLDERS},
        {"NAME[,KEY=VALUE]..", COMPLETE_NETWORKS},
        {"FOLDER", COMPLETE_FOLDERS},
        {"FILE", COMPLETE_FILES},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(value, known[i].value) == 0) return known[i].completion;
    }
    if (strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789|-") == strlen(value)) {
        return COMPLETE_WORDS;
    }
    const size_t name = strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    const char *rest = value + name;
    const bool file =
        name > 0 && *rest == '.' &&
        strspn(rest + 1, "abcdefghijklmnopqrstuvwxyz0123456789") == strlen(rest + 1) && rest[1];
    return file ? COMPLETE_FILES : COMPLETE_NOTHING;
}

/* "texel buffers" is said as "texel-buffers". */
static void print_capabilities(void)
{
    for (uint32_t i = 0; i < VRN_CAPABILITY_COUNT; i++) {
        const char *name = vrn_capability_name(UINT32_C(1) << i);
        if (i > 0) putchar(' ');
        for (; name && *name; name++) putchar(*name == ' ' ? '-' : *name);
    }
}

static void print_networks(void)
{
    const char *name;
    for (uint32_t i = 0; (name = vrn_arch_get_known_name(i)); i++)
        printf("%s%s", i ? " " : "", name);
}

/* The networks that have weights. */
static void print_known(void)
{
    vrn_hub *hub = NULL;
    const vrn_hub_entry *entry;
    if (vrn_hub_create(&hub, NULL) != VRN_OK) return;
    for (uint32_t i = 0; (entry = vrn_hub_get_entry(hub, i)) != NULL; i++) {
        if (entry->is_default) printf("%s ", entry->network);
    }
    vrn_hub_destroy(&hub);
}

static void print_choices(const char *value)
{
    for (; *value; value++) putchar(*value == '|' ? ' ' : *value);
}

static void print_value(const cli_option_text *text)
{
    const char *dot = strchr(text->value, '.');
    const completion how = completion_of(text->value);
    if (how == COMPLETE_NOTHING) return; /* print_free_values */
    printf("        %s) ", text->name);
    switch (how) {
    case COMPLETE_NOTHING: break;
    case COMPLETE_WORDS:
        printf("_vkresnet_words '");
        print_choices(text->value);
        printf("' ''");
        break;
    case COMPLETE_CAPABILITIES:
        printf("[[ $word == *,* ]] && prefix=${word%%,*},; _vkresnet_words '");
        print_capabilities();
        printf("' \"$prefix\"");
        break;
    case COMPLETE_DEVICES:
        printf("_vkresnet_words \"$(\"$1\" --completion devices 2> /dev/null)\" ''");
        break;
    case COMPLETE_NETWORKS:
        printf("_vkresnet_words '");
        print_networks();
        printf("' ''");
        break;
    case COMPLETE_MODELS:
        printf("_vkresnet_words '");
        print_networks();
        printf("' ''; _vkresnet_files '%s'", model_extensions);
        break;
    case COMPLETE_FOLDERS: printf("_vkresnet_files '/'"); break;
    case COMPLETE_FILES: printf("_vkresnet_files '%s'", dot ? dot + 1 : "*"); break;
    }
    puts("; return ;;");
}

/* Values that nobody can guess; nothing is offered, no files either. */
static void print_free_values(void)
{
    const char *before = "        ";
    for (int i = 0; i < CLI_OPTIONS; i++) {
        const cli_option_text text = cli_option_describe((cli_option)i);
        if (!text.value || completion_of(text.value) != COMPLETE_NOTHING) continue;
        printf("%s%s", before, text.name);
        before = "|";
    }
    puts(") return ;;");
}

static void print_values(void)
{
    puts("    case $before in");
    for (int i = 0; i < CLI_OPTIONS; i++) {
        const cli_option_text text = cli_option_describe((cli_option)i);
        if (text.value) print_value(&text);
    }
    print_free_values();
    puts("    esac");
}

static void print_command(const cli_command *command)
{
    const char *separator = "";
    printf("        %s)\n            options='", command->name);
    for (int i = 0; i < CLI_OPTIONS; i++) {
        if (!(command->options >> i & 1)) continue;
        printf("%s%s", separator, cli_option_describe((cli_option)i).name);
        separator = " ";
    }
    puts("'");
    if (strncmp(command->usage, "[NAME]", 6) == 0) {
        printf("            names='");
        print_known();
        puts("'");
    } else if (command->most > 0) {
        const bool images = strstr(command->usage, "IMAGE") || strstr(command->usage, "PHOTO");
        printf("            files='");
        for (size_t i = 0; images && cli_image_extensions[i]; i++) {
            printf("%s%s", i ? "|" : "", cli_image_extensions[i]);
        }
        puts(images ? "'" : "*'");
    }
    puts("            ;;");
}

static void print_script(const cli_command *const *commands, size_t count)
{
    fputs(head, stdout);
    printf("    if ((COMP_CWORD == 1)); then\n        _vkresnet_words '");
    for (size_t i = 0; i < count; i++) printf("%s ", commands[i]->name);
    puts("--help --version --man --completion' ''\n        return\n    fi");
    puts("    case ${COMP_WORDS[1]} in");
    for (size_t i = 0; i < count; i++) print_command(commands[i]);
    puts(
        "        --completion) _vkresnet_words bash ''; return ;;\n        *) return ;;\n    esac");
    print_values();
    fputs(tail, stdout);
}

static int print_devices(void)
{
    uint32_t count = 0;
    if (vrn_device_list(NULL, 0, &count, NULL) != VRN_OK) return CLI_FAILURE;
    for (uint32_t i = 0; i < count; i++) printf("%u\n", i);
    puts("all");
    return CLI_SUCCESS;
}

int cli_completion_print(const char *what, const cli_command *const *commands, size_t count)
{
    if (strcmp(what, "devices") == 0) return print_devices();
    if (strcmp(what, "bash") != 0) return cli_usage(NULL, "--completion: expected bash");
    print_script(commands, count);
    return CLI_SUCCESS;
}
