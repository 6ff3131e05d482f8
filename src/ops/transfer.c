#include "ops/transfer.h"

#include <string.h>

#include "base/util.h"
#include "modules.h"

static void start_key(vrn_pipeline_key *key, const vrn_module *module, size_t push_bytes)
{
    memset(key, 0, sizeof *key);
    key->module = module;
    key->bindings = 1u << VRN_TRANSFER_X | 1u << VRN_TRANSFER_Y;
    key->push_bytes = (uint32_t)push_bytes;
}

static void add_constant(vrn_pipeline_key *key, uint32_t id, uint32_t value)
{
    key->constant_ids[key->constant_count] = id;
    key->constants[key->constant_count++] = value;
}

void vrn_fetch_image_key(bool linear, vrn_pipeline_key *key)
{
    start_key(key, &vrn_module_fetch_image, sizeof(vrn_fetch_push));
    key->sampled = 1u << VRN_TRANSFER_X;
    add_constant(key, VRN_FETCH_LINEAR, linear);
}

void vrn_fetch_bytes_key(bool bgra, vrn_pipeline_key *key)
{
    start_key(key, &vrn_module_fetch, sizeof(vrn_fetch_push));
    add_constant(key, VRN_FETCH_BGRA, bgra);
}

void vrn_pack_key(bool planar, vrn_pipeline_key *key)
{
    start_key(key, &vrn_module_pack, sizeof(vrn_pack_push));
    add_constant(key, VRN_PACK_PLANAR, planar);
}

void vrn_unpack_key(vrn_type type, vrn_pipeline_key *key)
{
    start_key(key, &vrn_module_unpack, sizeof(vrn_unpack_push));
    add_constant(key, VRN_ID_TYPES + VRN_BIND_X, type);
}

void vrn_top_key(vrn_pipeline_key *key)
{
    start_key(key, &vrn_module_top_k, sizeof(vrn_top_push));
}

bool vrn_transfer_range(vrn_range *range, uint64_t *skipped, const vrn_device *device,
                        VkBuffer buffer, uint64_t offset, uint64_t bytes)
{
    *skipped = offset % vrn_buffer_alignment(device);
    *range = (vrn_range){buffer, offset - *skipped, *skipped + bytes};
    return range->bytes <= device->probe.limits.maxStorageBufferRange;
}
