#include <stdio.h>
#include <stdlib.h>

#include <vkresnet/diagnostics.h>

#include "cli/command.h"
#include "cli/engine.h"
#include "cli/formats/json.h"
#include "cli/system/os.h"
#include "cli/system/report.h"
#include "cli/transform.h"

#define NO_DEVICE UINT32_MAX

static const char *const type_names[] = {
    [VRN_DEVICE_OTHER] = "other",
    [VRN_DEVICE_INTEGRATED] = "integrated GPU",
    [VRN_DEVICE_DISCRETE] = "discrete GPU",
    [VRN_DEVICE_VIRTUAL] = "virtual GPU",
    [VRN_DEVICE_CPU] = "CPU",
};

/* The fields of VK_MAKE_API_VERSION. */
static void format_version(char text[32], uint32_t version)
{
    snprintf(text, 32, "%u.%u.%u", version >> 22 & 0x7f, version >> 12 & 0x3ff, version & 0xfff);
}

static void print_memory(const char *title, uint64_t bytes)
{
    if (bytes >> 30 > 1u << 20) {
        printf("  %-14s no practical limit\n", title);
    } else if (bytes >= (uint64_t)1 << 30) {
        printf("  %-14s %.1f GiB\n", title, (double)bytes / 1073741824);
    } else {
        printf("  %-14s %.1f MiB\n", title, (double)bytes / 1048576);
    }
}

static void print_capabilities(const char *title, uint32_t bits)
{
    printf("  %-14s ", title);
    const char *separator = "";
    for (uint32_t i = 0; i < VRN_CAPABILITY_COUNT; i++) {
        const char *name = vrn_capability_name(UINT32_C(1) << i);
        if (!(bits >> i & 1) || !name) continue;
        printf("%s%s", separator, name);
        separator = ", ";
    }
    puts(*separator ? "" : "none");
}

static void print_device(const vrn_device_info *info, bool chosen)
{
    const uint32_t all = (UINT32_C(1) << VRN_CAPABILITY_COUNT) - 1;
    char version[32];
    format_version(version, info->api_version);
    printf("%c %u: ", chosen ? '*' : ' ', info->index);
    cli_print_name(info->name);
    printf("\n  %-14s %s\n", "type", type_names[info->type]);
    printf("  %-14s ", "driver");
    cli_print_name(info->driver);
    printf("\n  %-14s %s\n", "Vulkan", version);
    print_memory("memory", info->memory_bytes);
    print_memory("buffer range", info->max_buffer_range);
    print_memory("allocation", info->max_allocation);
    printf("  %-14s %u invocations, %u KiB shared, subgroups of %u\n", "work group",
           info->max_workgroup_invocations, info->shared_memory_bytes / 1024, info->subgroup_size);
    print_capabilities("has", info->capabilities);
    print_capabilities("lacks", all & ~info->capabilities);
    if (all & ~vrn_build_capabilities()) {
        print_capabilities("build lacks", all & ~vrn_build_capabilities());
    }
    printf("  %-14s %d%s", "score", info->score, chosen ? " (chosen)" : "");
    if (info->score == 0) fputs(" (cannot be used)", stdout);
    printf("%s", *info->reason ? ": " : "");
    cli_print_name(info->reason);
    putchar('\n');
}

static void write_device(cli_json *json, const vrn_device_info *info, bool chosen)
{
    char version[32], uuid[33];
    format_version(version, info->api_version);
    for (size_t i = 0; i < 16; i++) snprintf(uuid + i * 2, 3, "%02x", info->uuid[i]);
    cli_json_write(json,
                   "{index: %u, name: %s, type: %s, driver: %s, vulkan: %s, vendor_id: %u, "
                   "device_id: %u, driver_version: %u, uuid: %s",
                   info->index, info->name, type_names[info->type], info->driver, version,
                   info->vendor_id, info->device_id, info->driver_version, uuid);
    cli_json_write(json, "memory_bytes: %ju, max_buffer_range: %ju, max_allocation: %ju",
                   (uintmax_t)info->memory_bytes, (uintmax_t)info->max_buffer_range,
                   (uintmax_t)info->max_allocation);
    cli_json_write(json,
                   "subgroup_size: %u, shared_memory_bytes: %u, max_workgroup_invocations: %u, "
                   "capabilities: [",
                   info->subgroup_size, info->shared_memory_bytes, info->max_workgroup_invocations);
    for (uint32_t i = 0; i < VRN_CAPABILITY_COUNT; i++) {
        const char *name = vrn_capability_name(UINT32_C(1) << i);
        if ((info->capabilities >> i & 1) && name) cli_json_write(json, "%s", name);
    }
    cli_json_write(json, "], score: %g, chosen: %d, reason: %s}", (double)info->score, chosen,
                   info->reason);
}

/* Finds the device on which a command with these options would run. If the options restrict the
 * device, opens it to find its remaining capabilities. */
static bool choose(vrn_device_info *infos, uint32_t count, const cli_options *options,
                   uint32_t *chosen)
{
    *chosen = NO_DEVICE;
    if (options->device || options->without || options->with || options->validation) {
        vrn_device *device = NULL;
        vrn_device_info info;
        if (!cli_device_open(&device, &info, options)) return false;
        vrn_device_destroy(&device);
        for (uint32_t i = 0; i < count; i++) {
            if (infos[i].index != info.index) continue;
            infos[i] = info;
            *chosen = info.index;
        }
        return true;
    }
    int best = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (infos[i].score <= best) continue;
        best = infos[i].score;
        *chosen = infos[i].index;
    }
    return true;
}

/* `cache`: the folder of compiled pipelines, or NULL. */
static void print_devices(const vrn_device_info *infos, uint32_t count, uint32_t chosen,
                          const char *cache, bool as_json)
{
    const bool writable = cache && cli_folder_is_writable(cache);
    if (as_json) {
        cli_json json = {.out = stdout};
        cli_json_write(&json, "{devices: [");
        for (uint32_t i = 0; i < count; i++) {
            write_device(&json, &infos[i], infos[i].index == chosen);
        }
        cli_json_write(&json, "], cache: %s, cache_writable: %d}\n", cache, writable);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0) putchar('\n');
        print_device(&infos[i], infos[i].index == chosen);
    }
    if (count == 0) return;
    if (!cache) {
        puts("\ncompiled kernels are not kept: there is no cache directory");
        return;
    }
    fputs("\ncompiled kernels are kept in: ", stdout);
    cli_print_name(cache);
    puts(writable ? "" : " (not writable: nothing is kept)");
}

static bool show_devices(const cli_options *options)
{
    uint32_t count, chosen = NO_DEVICE;
    vrn_device_info *infos;
    if (!cli_device_list(&infos, &count)) {
        free(infos);
        return false;
    }
    bool good = count > 0 && choose(infos, count, options, &chosen);
    char *cache = options->no_cache ? NULL : cli_cache_directory();
    print_devices(infos, count, chosen, cache, options->json);
    free(cache);
    if (count == 0) {
        cli_error("no Vulkan device: install the GPU's driver, or mesa-vulkan-drivers for one that "
                  "runs on the CPU");
    } else if (good && chosen == NO_DEVICE) {
        good = cli_error("none of the devices can be used");
    }
    free(infos);
    return good;
}

static void print_model(const cli_model *model, const vrn_transform *transform, const char *arch)
{
    const vrn_model_info *info = &model->info;
    uint32_t classes = info->classes, shown = classes < 10 ? classes : 10;
    char text[CLI_TRANSFORM_TEXT];
    printf("model         ");
    cli_print_name(info->name);
    printf("\narchitecture  %s\n", arch);
    printf("parameters    %llu\n", (unsigned long long)info->parameters);
    cli_transform_describe(transform, text);
    printf("transform     %s\n", text);
    printf("activation    %s", vrn_probabilities_name(info->probabilities));
    if (info->threshold > 0) printf(", threshold %g", (double)info->threshold);
    printf("\nclasses       %u", classes);
    for (uint32_t i = 0; i < shown && cli_model_class_name(model, i); i++) {
        fputs(i > 0 ? ", " : ": ", stdout);
        cli_print_name(cli_model_class_name(model, i));
        if (i + 1 == shown && shown < classes) fputs(", ...", stdout);
    }
    putchar('\n');
    const char *assumption;
    bool doubtful;
    for (uint32_t i = 0;
         (assumption = vrn_model_get_assumption(model->handle, i, &doubtful)) != NULL; i++) {
        printf("%-13s %s", i ? "" : "assumed", doubtful ? "(doubtful) " : "");
        cli_print_name(assumption);
        putchar('\n');
    }
}

static void write_model(const cli_model *model, const vrn_transform *transform, const char *arch)
{
    const vrn_model_info *info = &model->info;
    cli_json json = {.out = stdout};
    cli_json_write(&json, "{model: %s, arch: %s, parameters: %ju", info->name, arch,
                   (uintmax_t)info->parameters);
    cli_transform_write(&json, transform);
    cli_json_write(&json, "activation: %s, threshold: %g",
                   vrn_probabilities_name(info->probabilities), (double)info->threshold);
    cli_json_write(&json, "num_classes: %u, classes: [", info->classes);
    for (uint32_t i = 0; i < info->classes && cli_model_class_name(model, i); i++) {
        cli_json_write(&json, "%s", cli_model_class_name(model, i));
    }
    cli_json_write(&json, "], assumed: [");
    const char *assumption;
    bool doubtful;
    for (uint32_t i = 0;
         (assumption = vrn_model_get_assumption(model->handle, i, &doubtful)) != NULL; i++) {
        cli_json_write(&json, "{text: %s, doubtful: %d}", assumption, doubtful);
    }
    cli_json_write(&json, "]}\n");
}

static bool show_model(const cli_options *options)
{
    cli_model model;
    vrn_transform transform;
    const bool good = cli_model_open(&model, options, CLI_MODEL_REQUIRED) &&
                      cli_transform_choose(&transform, &model, options);
    if (good) {
        char arch[1024];
        vrn_arch values;
        vrn_model_get_arch(model.handle, &values);
        vrn_arch_format(&values, arch, sizeof arch);
        if (options->json) {
            write_model(&model, &transform, arch);
        } else {
            print_model(&model, &transform, arch);
        }
    }
    cli_model_close(&model);
    return good;
}

static bool run(const cli_options *options)
{
    if (options->kernels) return cli_show_kernels(options);
    return options->given & CLI_NETWORK ? show_model(options) : show_devices(options);
}

const cli_command cli_info = {
    .name = "info",
    .summary = "list the Vulkan devices, or describe a model",
    .usage = "[--model NAME|FILE | --kernels] [OPTION]...",
    .details = "Lists every Vulkan device with its limits and capabilities, marks the chosen\n"
               "one with '*', and says why the others were passed over. With --model it\n"
               "describes the model instead, which needs no device.\n"
               "\n"
               "With --kernels it compiles the kernels that a network would run (--arch or\n"
               "--model, default resnet50; --batch, default 1; --size) and prints what the\n"
               "driver's compiler says about each. --kernel selects other kernels than the\n"
               "chosen ones.",
    .examples = "  vkresnet info\n"
                "  vkresnet info --device llvmpipe --without texel-buffers\n"
                "  vkresnet info --model resnet50.pth --json\n"
                "  vkresnet info --kernels --arch resnet18 --batch 8\n",
    .options = CLI_COMMON | CLI_NETWORK | CLI_TRANSFORM | CLI_BIT(JSON) | CLI_BIT(KERNELS) |
               CLI_BIT(KERNEL) | CLI_BIT(BATCH) | CLI_BIT(SIZE),
    .run = run,
};
