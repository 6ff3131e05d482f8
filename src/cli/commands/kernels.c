#include "cli/command.h"

#include <math.h>
#include <stdio.h>

#include <vkresnet/diagnostics.h>

#include "base/text.h"
#include "cli/engine.h"
#include "cli/formats/json.h"
#include "cli/model.h"
#include "cli/system/report.h"

typedef struct output {
    cli_json *json; /* NULL: a table */
    uint32_t lines;
} output;

static void print_number(int width, double value)
{
    if (value < 0) {
        printf("  %*s", width, "-");
    } else {
        printf("  %*.0f", width, value);
    }
}

static void print_row(output *to, const vrn_kernel_statistics *s)
{
    char shape[64], name[64];
    if (to->lines++ == 0) {
        printf("%-32s  %-30s  %6s  %7s  %5s  %5s  %6s  %6s  %5s  %6s  %6s  %7s  %7s\n", "shape",
               "kernel", "groups", "threads", "regs", "sregs", "spills", "shared", "occup", "code",
               "instr", "latency", "inv.thr");
    }
    snprintf(shape, sizeof shape, "%ux%ux%u to %u", s->in[0], s->in[1], s->in[2], s->out[0]);
    if (s->window[0] > 0) {
        vrn_append(shape, sizeof shape, ", %ux%u/%u", s->window[0], s->window[1], s->stride[0]);
    }
    if (s->groups > 1) vrn_append(shape, sizeof shape, " g%u", s->groups);
    snprintf(name, sizeof name, s->passes > 1 ? "%s %u/%u" : "%s", s->kernel, s->pass + 1,
             s->passes);
    printf("%-32s  %-30s  %6llu  %7u", shape, name, (unsigned long long)s->work_groups,
           s->invocations);
    print_number(5, s->registers);
    print_number(5, s->scalar_registers);
    print_number(6, s->spills);
    print_number(6, s->shared_bytes);
    print_number(5, s->occupancy);
    print_number(6, s->code_bytes);
    print_number(6, s->instructions);
    print_number(7, s->latency);
    print_number(7, s->inverse_throughput);
    putchar('\n');
}

/* Unknown values become null. */
static double known(double value)
{
    return value < 0 ? NAN : value;
}

static void write_entry(cli_json *json, const vrn_kernel_statistics *s)
{
    cli_json_write(json,
                   "{layer: %s, layers: %u, op: %s, kernel: %s, chosen: %d, module: %s, pass: %u, "
                   "passes: %u",
                   s->layer, s->layers, s->op, s->kernel, s->chosen, s->module, s->pass, s->passes);
    cli_json_write(json, "in: [%u, %u, %u], out: [%u, %u, %u], window: [%u, %u], stride: [%u, %u]",
                   s->in[0], s->in[1], s->in[2], s->out[0], s->out[1], s->out[2], s->window[0],
                   s->window[1], s->stride[0], s->stride[1]);
    cli_json_write(json,
                   "groups: %u, flops: %g, work_groups: %ju, invocations: %u, "
                   "declared_shared_bytes: %u, subgroup_size: %u, compile_ms: %g",
                   s->groups, s->flops, (uintmax_t)s->work_groups, s->invocations,
                   s->declared_shared_bytes, s->subgroup_size, s->compile_ms);
    cli_json_write(json,
                   "registers: %g, scalar_registers: %g, spills: %g, shared_bytes: %g, "
                   "scratch_bytes: %g, occupancy: %g, code_bytes: %g, instructions: %g, "
                   "latency: %g, inverse_throughput: %g, driver: {",
                   known(s->registers), known(s->scalar_registers), known(s->spills),
                   known(s->shared_bytes), known(s->scratch_bytes), known(s->occupancy),
                   known(s->code_bytes), known(s->instructions), known(s->latency),
                   known(s->inverse_throughput));
    for (uint32_t i = 0; i < s->value_count; i++) {
        cli_json_write(json, "%s: %g", s->values[i].name, s->values[i].value);
    }
    cli_json_write(json, "}}");
}

static void visit(void *user, const vrn_kernel_statistics *statistics)
{
    output *to = user;
    if (to->json) {
        write_entry(to->json, statistics);
    } else {
        print_row(to, statistics);
    }
}

/* Finds the architecture of --model, --arch, or resnet50. */
static bool find_arch(vrn_arch *arch, const cli_options *options)
{
    if (options->model) {
        cli_model model;
        const bool good = cli_model_open(&model, options, CLI_MODEL_RANDOM);
        if (good) vrn_model_get_arch(model.handle, arch);
        cli_model_close(&model);
        return good;
    }
    const char *text = options->arch ? options->arch : "resnet50";
    return vrn_arch_parse(arch, text, cli_log()) == VRN_OK;
}

bool cli_show_kernels(const cli_options *options)
{
    vrn_arch arch;
    vrn_device *device = NULL;
    vrn_device_info info;
    if (!find_arch(&arch, options) || !cli_device_open(&device, &info, options)) return false;
    if (!(info.capabilities & VRN_CAPABILITY_PIPELINE_STATISTICS)) {
        cli_error("%s reports nothing about compiled kernels: its driver lacks "
                  "VK_KHR_pipeline_executable_properties, or --without switched it off",
                  info.name);
        vrn_device_destroy(&device);
        return false;
    }
    cli_json json = {.out = stdout};
    output to = {.json = options->json ? &json : NULL};
    if (options->json) {
        cli_json_write(&json, "{device: %s, driver: %s, batch: %u, kernels: [", info.name,
                       info.driver, options->batch ? options->batch : 1);
    }
    const vrn_kernel_statistics_params params = {
        .arch = &arch,
        .batch = options->batch,
        .height = options->size[0],
        .width = options->size[1],
        .kernel = options->kernel,
        .precision = options->precision,
    };
    const bool good = vrn_device_get_kernel_statistics(device, &params, visit, &to) == VRN_OK;
    if (options->json) cli_json_write(&json, "]}\n");
    vrn_device_destroy(&device);
    return good;
}
