/* The architecture deduced from names and shapes. The input is a program that spoils the tensors of
 * a real network: renames, reshapes, drops and adds them. What is small is also loaded as a
 * file. */
#include "net/deduce.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "net/graph.h"
#include "unit/checkpoint_builder.h"

enum { TENSORS_MAX = 2048, NAME_BYTES = 96, DATA_MAX = 1 << 16 };

/* resnet50's tensors, their names and what sorting them takes, and the files of small networks. */
const fuzz_bounds fuzz_target_bounds = {4 << 20, 256};

typedef struct network {
    vrn_tensor tensors[TENSORS_MAX];
    char names[TENSORS_MAX][NAME_BYTES];
    size_t count;
} network;

static const char *const archs[] = {
    "resnet,block=basic,layers=1,planes=4,num_classes=2",
    "resnet,block=basic,layers=1:2,planes=4:8,num_classes=3,stem=cifar,shortcut=pad",
    "resnet,block=basic,layers=2:1,planes=4:8,num_classes=3,stem=cifar,norm=frozen",
    "resnet,block=bottleneck,layers=1:1,planes=4:8,groups=2,width_per_group=32,num_classes=5",
    "resnet,block=bottleneck,layers=1:1,planes=4:8,norm=group,norm_groups=2,num_classes=5",
    "resnet18",
    "resnext50_32x4d",
    "resnet1202",
    "resnet,block=bottleneck,layers=1:1,planes=4:8,stem=deep,shortcut=mean,head=none",
    "resnet,layers=1:1,planes=4:8,in_channels=1,head=mlp,num_classes=3",
    "resnet,block=bottleneck,layers=1:1,planes=4:8,num_classes=3,attention=se",
    "resnet,layers=1:1,planes=4:8,num_classes=3,attention=eca,stem=deep,pool=conv",
    "resnet,layers=1:1,planes=4:8,num_classes=3,v2=1,final_norm=1",
};

static const char *const names[] = {
    "conv1.weight",
    "bn1.running_mean",
    "bn1.num_batches_tracked",
    "fc.weight",
    "linear.weight",
    "layer1.0.conv1.weight",
    "layer1.0.conv2.weight",
    "layer1.0.conv3.weight",
    "layer2.0.shortcut.0.weight",
    "layer2.0.downsample.0.weight",
    "layer8.4096.conv1.weight",
    "layer4294967297.0.conv1.weight",
    "resnet.embedder.embedder.convolution.weight",
    "resnet.encoder.stages.0.layers.0.layer.0.convolution.weight",
    "resnet.encoder.stages.0.layers.0.shortcut.normalization.weight",
    "classifier.1.weight",
    "n_averaged",
    "module.x",
    "x.layer1.0.conv1.weight",
    "4.0.conv1.weight",
    "0.weight",
    "2.weight",
    "res2.0.conv1.weight",
    "conv2_x.0.residual_function.0.weight",
    "conv1.0.weight",
    "conv1.6.weight",
    "conv3.weight",
    "fc.0.weight",
    "fc.2.weight",
    "x.classifier.1.weight",
    ".",
    "",
    "layer1.0.se.fc1.weight",
    "layer2.0.se.conv.weight",
    "layer2.0.se_module.fc.0.weight",
    "layer2.0.conv2.0.filt",
    "layer2.0.downsample.0.filt",
    "maxpool.0.weight",
    "maxpool.1.filt",
    "layer0.conv1.weight",
    "layer1.0.bn1.weight",
    "bn.weight",
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void name_tensor(network *net, size_t index, const char *name)
{
    char copy[NAME_BYTES]; /* the name may be one of the network's */
    snprintf(copy, sizeof copy, "%s", name);
    memcpy(net->names[index], copy, sizeof copy);
    net->tensors[index].name = net->names[index];
}

static void set_strides(vrn_tensor *tensor)
{
    uint64_t stride = 1;
    for (uint32_t i = tensor->rank; i-- > 0;) {
        tensor->stride[i] = stride;
        stride *= tensor->shape[i];
    }
}

static vrn_result add_parameter(void *user, const vrn_parameter *parameter)
{
    network *net = user;
    if (net->count == TENSORS_MAX) return VRN_OK;
    vrn_tensor *tensor = &net->tensors[net->count];
    *tensor = (vrn_tensor){.dtype = VRN_DTYPE_F32, .rank = parameter->rank};
    memcpy(tensor->shape, parameter->shape, sizeof parameter->shape);
    set_strides(tensor);
    name_tensor(net, net->count++, parameter->name);
    return VRN_OK;
}

static uint64_t take_size(fuzz_input *input)
{
    static const uint64_t sizes[] = {
        0,         1, 2, 3, 4, 7, 64, 1 << 17, UINT32_MAX, UINT64_C(1) << 32, UINT64_C(1) << 63,
        UINT64_MAX};
    const uint64_t kind = fuzz_take(input, 1);
    return kind < 128 ? sizes[kind % COUNT(sizes)] : kind < 255 ? kind - 128 : fuzz_take(input, 8);
}

/* A name of the table, or one from the input. */
static void rename_one(network *net, size_t index, fuzz_input *input)
{
    const uint64_t choice = fuzz_take(input, 1);
    if (choice < COUNT(names)) {
        name_tensor(net, index, names[choice]);
        return;
    }
    char *text = fuzz_take_text(input);
    name_tensor(net, index, text);
    free(text);
}

static void rename_all(network *net, const char *prefix)
{
    for (size_t i = 0; i < net->count; i++) {
        char name[NAME_BYTES];
        snprintf(name, sizeof name, "%.30s%.60s", prefix, net->names[i]);
        name_tensor(net, i, name);
    }
}

/* One step of the program. */
static void spoil(network *net, fuzz_input *input)
{
    enum { DROP, RENAME, RESHAPE, RANK, DTYPE, COPY, PREFIX, CUT, KINDS };
    const unsigned kind = (unsigned)fuzz_take(input, 1) % KINDS;
    const size_t index = net->count ? fuzz_take(input, 2) % net->count : 0;
    vrn_tensor *tensor = &net->tensors[index];
    if (net->count == 0 && kind != PREFIX) return;
    switch (kind) {
    case DROP:
        net->count--;
        *tensor = net->tensors[net->count];
        name_tensor(net, index, net->names[net->count]);
        break;
    case RENAME: rename_one(net, index, input); break;
    case RESHAPE: tensor->shape[fuzz_take(input, 1) % VRN_MAX_RANK] = take_size(input); break;
    case RANK: tensor->rank = (uint32_t)fuzz_take(input, 1) % (VRN_MAX_RANK + 1); break;
    case DTYPE: tensor->dtype = (vrn_dtype)(fuzz_take(input, 1) % (VRN_DTYPE_OTHER + 1)); break;
    case COPY:
        if (net->count == TENSORS_MAX) return;
        net->tensors[net->count] = *tensor;
        rename_one(net, net->count++, input);
        break;
    case PREFIX: {
        char *prefix = fuzz_take_text(input);
        rename_all(net, prefix);
        free(prefix);
        break;
    }
    case CUT: net->count = index; break;
    }
    set_strides(tensor);
}

/* What was deduced is complete: its text says the same. */
static void check(const vrn_arch *arch)
{
    char first[1024], second[1024];
    vrn_arch again;
    fuzz_require(vrn_arch_format(arch, first, sizeof first) < sizeof first);
    fuzz_require(vrn_arch_parse(&again, first, NULL) == VRN_OK);
    fuzz_require(vrn_arch_format(&again, second, sizeof second) < sizeof second);
    fuzz_require(strcmp(first, second) == 0);
}

static void deduce(const network *net)
{
    vrn_names found = {0};
    vrn_arch arch;
    vrn_assumptions assumptions = {.count = 0};
    const vrn_told told = {.file = "caffe_gn8.pth"};
    vrn_result result =
        vrn_names_create(&found, net->tensors, net->count, NULL, NULL, "input", fuzz_log());
    if (result == VRN_OK) {
        result = vrn_deduce_arch(&arch, &found, &told, &assumptions, "input", fuzz_log());
    }
    fuzz_expect(result == VRN_OK);
    if (result == VRN_OK) check(&arch);
    vrn_names_free(&found);
}

/* Bytes of all tensors, up to the limit. */
static uint64_t data_bytes(const network *net)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < net->count && sum <= DATA_MAX; i++) {
        uint64_t tensor_bytes = 4;
        for (uint32_t k = 0; k < net->tensors[i].rank; k++) {
            const uint64_t side = net->tensors[i].shape[k];
            const bool fits = !side || tensor_bytes <= DATA_MAX / side;
            tensor_bytes = fits ? tensor_bytes * side : DATA_MAX + 1;
        }
        sum += tensor_bytes;
    }
    return sum;
}

/* The tensors as a file: every byte of data is the same. */
static void load(const network *net)
{
    bytes header = {0};
    uint64_t offset = 0;
    for (size_t i = 0; i < net->count; i++) {
        const vrn_tensor *tensor = &net->tensors[i];
        char text[NAME_BYTES + 400];
        uint64_t end = 4;
        int length = snprintf(text, sizeof text, "%s\"", i ? "," : "{");
        for (const char *c = tensor->name; *c; c++) {
            const bool plain = *c >= ' ' && *c < 0x7f && *c != '"' && *c != '\\';
            text[length++] = plain ? *c : '?';
        }
        length += snprintf(text + length, sizeof text - (size_t)length,
                           "\":{\"dtype\":\"F32\",\"shape\":[");
        for (uint32_t k = 0; k < tensor->rank; k++) {
            length += snprintf(text + length, sizeof text - (size_t)length, "%s%llu", k ? "," : "",
                               (unsigned long long)tensor->shape[k]);
            end *= tensor->shape[k];
        }
        length +=
            snprintf(text + length, sizeof text - (size_t)length, "],\"data_offsets\":[%llu,%llu]}",
                     (unsigned long long)offset, (unsigned long long)(offset + end));
        offset += end;
        put(&header, text, (size_t)length);
    }
    put(&header, TEXT("}\0"));
    bytes file = make_safetensors((const char *)header.data, (size_t)offset);
    release(&header);
    const vrn_model_params params = {.log = *fuzz_log()};
    vrn_model *model;
    const vrn_result result = vrn_model_load_memory(&model, file.data, file.size, "input", &params);
    fuzz_expect(result == VRN_OK);
    vrn_model_destroy(&model);
    release(&file);
}

void fuzz_target(const uint8_t *data, size_t size)
{
    static network net; /* large, and made anew each time */
    vrn_arch arch;
    fuzz_input input = {data, size};
    net.count = 0;
    fuzz_require(vrn_arch_parse(&arch, archs[fuzz_take(&input, 1) % COUNT(archs)], NULL) == VRN_OK);
    fuzz_require(vrn_arch_visit_parameters(&arch, add_parameter, &net, NULL) == VRN_OK);
    while (input.left > 0) spoil(&net, &input);
    deduce(&net);
    if (net.count > 0 && data_bytes(&net) <= DATA_MAX) load(&net);
}
