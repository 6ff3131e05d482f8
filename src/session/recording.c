#include "session/recording.h"

#include "base/alloc.h"

uint64_t vrn_recording_bytes(const vrn_recording *recording)
{
    return recording ? vrn_images_bytes(&recording->images) + recording->output.size : 0;
}

void vrn_recording_destroy(vrn_recording **pointer, vrn_device *device)
{
    vrn_recording *recording = *pointer;
    if (!recording) return;
    vrn_images_destroy(&recording->images, device);
    vrn_buffer_destroy(&recording->output, device);
    if (recording->pool) device->vk.DestroyDescriptorPool(device->handle, recording->pool, NULL);
    vrn_free(recording);
    *pointer = NULL;
}
