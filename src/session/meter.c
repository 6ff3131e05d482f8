#include "session/meter.h"

#include "gpu/timestamps.h"

vrn_result vrn_meter_create(vrn_meter *meter, vrn_device *device)
{
    *meter = (vrn_meter){0};
    if (!device->vk.ResetQueryPool) return VRN_OK;
    return vrn_timestamps_create(&meter->queries, device, 2 * VRN_METER_SPANS);
}

void vrn_meter_destroy(vrn_meter *meter, vrn_device *device)
{
    vrn_timestamps_destroy(meter->queries, device);
    *meter = (vrn_meter){0};
}

void vrn_meter_begin(vrn_meter *meter, const vrn_device *device, VkCommandBuffer buffer)
{
    meter->measuring = meter->queries && !meter->spans[meter->next].pending;
    if (!meter->measuring) return;
    device->vk.ResetQueryPool(device->handle, meter->queries, 2 * meter->next, 2);
    vrn_timestamps_write(meter->queries, device, buffer, 2 * meter->next);
}

void vrn_meter_end(vrn_meter *meter, const vrn_device *device, VkCommandBuffer buffer,
                   vrn_span span)
{
    if (!meter->measuring) return;
    meter->measuring = false;
    vrn_timestamps_write(meter->queries, device, buffer, 2 * meter->next + 1);
    span.pending = true;
    meter->spans[meter->next] = span;
    meter->next = (meter->next + 1) % VRN_METER_SPANS;
}

void vrn_meter_forget(vrn_meter *meter)
{
    for (uint32_t i = 0; i < VRN_METER_SPANS; i++) meter->spans[i].pending = false;
}

void vrn_meter_read(vrn_meter *meter, const vrn_program *program, vrn_pace *pace, double guess)
{
    const vrn_device *device = program->device;
    for (uint32_t i = 0; i < VRN_METER_SPANS; i++) {
        vrn_span *span = &meter->spans[i];
        uint64_t ticks[2];
        if (!span->pending ||
            vrn_timestamps_read(meter->queries, device, 2 * i, 2, ticks) != VK_SUCCESS) {
            continue;
        }
        span->pending = false;
        const double ms = vrn_device_ticks_ms(device, ticks[0], ticks[1]);
        if (span->input) {
            pace->input_ms = ms / span->stretch.images;
        } else {
            vrn_pace_learn(pace, program, &span->stretch, guess, ms);
        }
    }
}
