#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/formats/json.h"
#include "cli/model.h"
#include "cli/system/report.h"
#include "cli/transform.h"

static const char *const place_names[] = {
    [VRN_HUB_NOWHERE] = NULL,
    [VRN_HUB_CACHE] = "cache",
    [VRN_HUB_TORCH] = "torch",
    [VRN_HUB_DOWNLOAD] = "cache",
};

static void write_entry(const vrn_hub_entry *entry, const vrn_hub_file *file)
{
    cli_json json = {.out = stdout};
    cli_json_write(&json,
                   "{name: %s, network: %s, weights: %s, default: %d, parameters: %ju, "
                   "min_bytes: %ju, max_bytes: %ju, acc1: %g, acc5: %g",
                   entry->name, entry->network, entry->weights, entry->is_default,
                   (uintmax_t)entry->parameters, (uintmax_t)entry->min_bytes,
                   (uintmax_t)entry->max_bytes, (double)entry->acc1, (double)entry->acc5);
    cli_transform_write(&json, &entry->transform);
    cli_json_write(&json, "classes: %s, recipe: %s, url: %s, sha256: %s, place: %s, path: %s}\n",
                   entry->classes, entry->recipe, entry->url, entry->sha256,
                   place_names[file->place], file->path);
}

static void print_entry(const vrn_hub_entry *entry, const vrn_hub_file *file)
{
    printf("%c %-34s %8.1f M %6.1f MB %7.3f %7.3f %6u %5u  ", entry->is_default ? '*' : ' ',
           entry->name, (double)entry->parameters * 1e-6, (double)entry->max_bytes * 1e-6,
           (double)entry->acc1, (double)entry->acc5, entry->transform.resize,
           entry->transform.crop);
    cli_print_name(file->path ? file->path : "-");
    putchar('\n');
}

/* True if the arguments select an entry. No arguments select all; "resnet50" selects all of that
 * network. */
static bool is_wanted(const vrn_hub *hub, const vrn_hub_entry *entry, const cli_options *options)
{
    for (uint32_t i = 0; i < options->argument_count; i++) {
        const char *name = options->arguments[i];
        /* A download gets only the entry that a command would use. */
        bool exact = options->fetch || strchr(name, ':');
        if (exact ? vrn_hub_find(hub, name) == entry : strcmp(entry->network, name) == 0) {
            return true;
        }
    }
    return options->argument_count == 0;
}

static bool check_arguments(const vrn_hub *hub, const cli_options *options)
{
    if (options->fetch && options->argument_count == 0) {
        return cli_usage("--fetch: expected the names of the weights to download");
    }
    for (uint32_t i = 0; i < options->argument_count; i++) {
        if (!vrn_hub_find(hub, options->arguments[i])) {
            return cli_usage("%s: no weights of this name; vkresnet models lists the known ones",
                             options->arguments[i]);
        }
    }
    return true;
}

static bool show(const vrn_hub *hub, const cli_options *options)
{
    bool good = true;
    const vrn_hub_entry *entry;
    if (!options->json) {
        printf("  %-34s %10s %9s %7s %7s %6s %5s  %s\n", "name", "parameters", "size", "acc@1",
               "acc@5", "resize", "crop", "on this machine");
    }
    for (uint32_t i = 0; (entry = vrn_hub_get_entry(hub, i)) != NULL; i++) {
        if (!is_wanted(hub, entry, options)) continue;
        vrn_hub_file file = {0};
        if (options->fetch) {
            fflush(stdout); /* keep the order with standard error */
            good = cli_hub_get(hub, entry, &file) && good;
        } else {
            good = vrn_hub_locate(hub, entry, &file) == VRN_OK && good;
        }
        if (options->json) {
            write_entry(entry, &file);
        } else {
            print_entry(entry, &file);
        }
        vrn_hub_file_free(&file);
    }
    if (!options->json && options->argument_count == 0) {
        puts("\n* is what the bare name of the network means.");
    }
    return good;
}

static bool run(const cli_options *options)
{
    vrn_hub *hub = cli_hub_open(options);
    const bool good = hub && check_arguments(hub, options) && show(hub, options);
    vrn_hub_destroy(&hub);
    return good;
}

const cli_command cli_models = {
    .name = "models",
    .summary = "list or download the weights that --model knows by name",
    .usage = "[NAME]... [--fetch] [OPTION]...",
    .details = "Lists the torchvision weights that --model knows by name: their published\n"
               "accuracy on ImageNet, the transform that it was measured with, and where they\n"
               "are on this machine, in this program's cache ($VKRESNET_CACHE, else\n"
               "~/.cache/vkresnet) or in PyTorch's ($TORCH_HOME, else ~/.cache/torch). Every\n"
               "other command downloads what it needs; --fetch downloads it ahead of time. A\n"
               "name is that of a network, optionally with a colon and its weights: resnet50,\n"
               "resnet50:V1, resnet50:IMAGENET1K_V2, resnet50:DEFAULT.",
    .examples = "  vkresnet models\n"
                "  vkresnet models resnet50 --json\n"
                "  vkresnet models --fetch resnet18 resnet50:V1\n",
    .options = CLI_COMMON | CLI_BIT(JSON) | CLI_BIT(FETCH),
    .most = UINT32_MAX,
    .run = run,
};
