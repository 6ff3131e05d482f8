#include "cli/command.h"

#include <math.h>
#include <stdio.h>

#include <vkresnet/diagnostics.h>

#include "cli/engine.h"
#include "cli/formats/json.h"
#include "cli/model.h"
#include "cli/system/report.h"

typedef struct output {
    cli_json *json; /* NULL: a table */
    uint32_t lines;
} output;

static void format_shape(char text[64], const vrn_kernel_statistics *s)
{
    int used = snprintf(text, 64, "%ux%ux%u to %u", s->in[0], s->in[1], s->in[2], s->out[0]);
    if (s->window[0] > 0 && used < 64) {
        used += snprintf(text + used, 64 - (size_t)used, ", %ux%u/%u", s->window[0], s->window[1],
                         s->stride[0]);
    }
    if (s->groups > 1 && used < 64) snprintf(text + used, 64 - (size_t)used, " g%u", s->groups);
}

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
    format_shape(shape, s);
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

/* What the driver does not tell is null. */
static void write_known(cli_json *json, const char *key, double value)
{
    cli_json_number(json, key, value < 0 ? NAN : value);
}

static void write_entry(cli_json *json, const vrn_kernel_statistics *s)
{
    cli_json_begin_object(json, NULL);
    cli_json_text(json, "layer", s->layer);
    cli_json_integer(json, "layers", s->layers);
    cli_json_text(json, "op", s->op);
    cli_json_text(json, "kernel", s->kernel);
    cli_json_bool(json, "chosen", s->chosen);
    cli_json_text(json, "module", s->module);
    cli_json_integer(json, "pass", s->pass);
    cli_json_integer(json, "passes", s->passes);
    cli_json_integers(json, "in", s->in, 3);
    cli_json_integers(json, "out", s->out, 3);
    cli_json_integers(json, "window", s->window, 2);
    cli_json_integers(json, "stride", s->stride, 2);
    cli_json_integer(json, "groups", s->groups);
    cli_json_number(json, "flops", s->flops);
    cli_json_integer(json, "work_groups", s->work_groups);
    cli_json_integer(json, "invocations", s->invocations);
    cli_json_integer(json, "declared_shared_bytes", s->declared_shared_bytes);
    cli_json_integer(json, "subgroup_size", s->subgroup_size);
    cli_json_number(json, "compile_ms", s->compile_ms);
    write_known(json, "registers", s->registers);
    write_known(json, "scalar_registers", s->scalar_registers);
    write_known(json, "spills", s->spills);
    write_known(json, "shared_bytes", s->shared_bytes);
    write_known(json, "scratch_bytes", s->scratch_bytes);
    write_known(json, "occupancy", s->occupancy);
    write_known(json, "code_bytes", s->code_bytes);
    write_known(json, "instructions", s->instructions);
    write_known(json, "latency", s->latency);
    write_known(json, "inverse_throughput", s->inverse_throughput);
    cli_json_begin_object(json, "driver");
    for (uint32_t i = 0; i < s->value_count; i++) {
        cli_json_number(json, s->values[i].name, s->values[i].value);
    }
    cli_json_end_object(json);
    cli_json_end_object(json);
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

/* --model's architecture, --arch, or resnet50. */
static int find_arch(vrn_arch *arch, const cli_options *options)
{
    if (options->model) {
        cli_model model;
        int status = cli_model_open(&model, options, CLI_MODEL_RANDOM);
        if (status == CLI_SUCCESS) vrn_model_get_arch(model.handle, arch);
        cli_model_close(&model);
        return status;
    }
    const char *text = options->arch ? options->arch : "resnet50";
    return vrn_arch_parse(arch, text, cli_log()) == VRN_OK ? CLI_SUCCESS : CLI_FAILURE;
}

int cli_show_kernels(const cli_options *options)
{
    vrn_arch arch;
    vrn_device *device = NULL;
    vrn_device_info info;
    int status = find_arch(&arch, options);
    if (status == CLI_SUCCESS) status = cli_device_open(&device, options);
    if (status != CLI_SUCCESS) return status;
    vrn_device_get_info(device, &info);
    if (!(info.capabilities & VRN_CAPABILITY_PIPELINE_STATISTICS)) {
        cli_error("%s tells nothing about compiled kernels: its driver lacks "
                  "VK_KHR_pipeline_executable_properties, or --without switched it off",
                  info.name);
        vrn_device_destroy(&device);
        return CLI_FAILURE;
    }
    cli_json json = {.out = stdout};
    output to = {.json = options->json ? &json : NULL};
    if (options->json) {
        cli_json_begin_object(&json, NULL);
        cli_json_text(&json, "device", info.name);
        cli_json_text(&json, "driver", info.driver);
        cli_json_integer(&json, "batch", options->batch ? options->batch : 1);
        cli_json_begin_array(&json, "kernels");
    }
    const vrn_kernel_statistics_params params = {
        .arch = &arch,
        .batch = options->batch,
        .height = options->size[0],
        .width = options->size[1],
        .kernel = options->kernel,
        .precision = options->precision,
    };
    if (vrn_device_get_kernel_statistics(device, &params, visit, &to) != VRN_OK)
        status = CLI_FAILURE;
    if (options->json) {
        cli_json_end_array(&json);
        cli_json_end(&json);
    }
    vrn_device_destroy(&device);
    return status;
}
