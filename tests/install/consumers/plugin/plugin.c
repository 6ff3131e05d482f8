/* A plugin of an application: it uses the static libraries and exports one function of its own. */
#include <stddef.h>

#include <vkresnet/hub.h>
#include <vkresnet/vkresnet.h>

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

EXPORT int plug(void);

int plug(void)
{
    vrn_device *device = NULL;
    vrn_hub *hub = NULL;
    const int failed =
        vrn_device_create(&device, NULL) != VRN_OK || vrn_hub_create(&hub, NULL) != VRN_OK;
    vrn_hub_destroy(&hub);
    vrn_device_destroy(&device);
    return failed;
}
