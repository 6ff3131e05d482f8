/* Uses the hub: looks at its names, and loads nothing. */
#include <stdio.h>
#include <string.h>

#include <vkresnet/hub.h>

int main(void)
{
    vrn_hub *hub = NULL;
    if (vrn_hub_create(&hub, NULL) != VRN_OK) return 1;
    const vrn_hub_entry *entry = vrn_hub_find(hub, "resnet50:V1");
    const int good = entry && strcmp(entry->file, "resnet50-0676ba61.pth") == 0;
    printf("%s, %s, %s\n", good ? entry->url : "?", vrn_result_string(VRN_ERROR_NETWORK),
           vrn_hub_can_download() ? "downloads" : "looks up");
    vrn_hub_destroy(&hub);
    return !good;
}
