/* The hub as an application calls it. check_download.py has the tests that need a server. */
#define _DEFAULT_SOURCE /* flock, mkdtemp */

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <vkresnet/hub.h>

#include "unit/captured_log.h"

#define CONTENT "no network, but five words\n"
#define SHA256  "4087528c9915376f653023ab55b694a87f0fb98175b7c430558321b2f72ec493"

static char folder[64], path[256], part[300], registry[256];

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static int make_folder(void **state)
{
    (void)state;
    static const char entries[] =
        "{\"format\": 1, \"base\": \"https://nowhere.invalid\", \"entries\": [{\"network\": "
        "\"net\", "
        "\"weights\": \"A_V1\", \"default\": true, \"file\": \"net.pth\", \"sha256\": \"%s\", "
        "\"bytes\": %zu, \"resize\": 10}]}";
    char text[1024];
    snprintf(folder, sizeof folder, "/tmp/vrn-hub-XXXXXX");
    if (!mkdtemp(folder)) return -1;
    snprintf(registry, sizeof registry, "%s/hub", folder);
    if (mkdir(registry, 0700) != 0) return -1;
    snprintf(path, sizeof path, "%s/hub/net.pth", folder);
    snprintf(part, sizeof part, "%s.part", path);
    snprintf(registry, sizeof registry, "%s/registry.json", folder);
    snprintf(text, sizeof text, entries, SHA256, strlen(CONTENT));
    write_file(registry, text);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static vrn_hub *open_hub(captured_log *captured, bool offline)
{
    vrn_hub *hub = NULL;
    assert_int_equal(vrn_hub_create(&hub,
                                    &(vrn_hub_params){
                                        .log = capture_log(captured),
                                        .registry = registry,
                                        .cache_directory = folder,
                                        .torch_directory = "",
                                        .offline = offline,
                                    }),
                     VRN_OK);
    return hub;
}

static void test_built_in(void **state)
{
    (void)state;
    vrn_hub *hub = NULL;
    uint32_t count = 0;
    assert_int_equal(vrn_hub_create(&hub, &(vrn_hub_params){.cache_directory = ""}), VRN_OK);
    while (vrn_hub_get_entry(hub, count)) {
        const vrn_hub_entry *entry = vrn_hub_get_entry(hub, count++);
        vrn_arch arch;
        assert_int_equal(vrn_arch_parse(&arch, entry->network, NULL), VRN_OK);
        assert_int_equal(arch.num_classes, 1000);
        assert_ptr_equal(vrn_hub_find(hub, entry->name), entry);
    }
    assert_int_equal(count, 17);
    assert_null(vrn_hub_get_entry(hub, UINT32_MAX));
    assert_string_equal(vrn_hub_find(hub, "resnet50")->weights, "IMAGENET1K_V2");
    vrn_hub_destroy(&hub);
    assert_null(hub);
    vrn_hub_destroy(&hub);
    vrn_hub_destroy(NULL);
}

static void test_parameters(void **state)
{
    (void)state;
    captured_log captured;
    vrn_hub *hub = (vrn_hub *)registry;
    const vrn_log log = capture_log(&captured);
    assert_int_equal(vrn_hub_create(&hub, &(vrn_hub_params){.log = log, .address = "file:///"}),
                     VRN_ERROR_INVALID_ARGUMENT);
    assert_null(hub);
    assert_true(said_once(&captured, "file:///: expected an address"));
    captured.errors = 0;
    assert_int_equal(vrn_hub_create(&hub, &(vrn_hub_params){.log = log, .registry = folder}),
                     VRN_ERROR_FILE);
    assert_true(said_once(&captured, folder));
    captured.errors = 0;
    assert_int_equal(
        vrn_hub_create(&hub, &(vrn_hub_params){.registry = registry, .address = "http://a.b/c"}),
        VRN_OK);
    assert_string_equal(vrn_hub_find(hub, "net")->url, "http://a.b/c/net.pth");
    vrn_hub_destroy(&hub);
}

static void test_directory(void **state)
{
    (void)state;
    char text[8];
    assert_int_equal(setenv("VKRESNET_CACHE", "/a/longer/path", 1), 0);
    assert_int_equal(vrn_hub_get_cache_directory(NULL, 0), 14);
    assert_int_equal(vrn_hub_get_cache_directory(text, sizeof text), 14);
    assert_string_equal(text, "/a/long");
    assert_int_equal(setenv("VKRESNET_CACHE", "", 1), 0);
    assert_int_equal(vrn_hub_get_cache_directory(text, sizeof text), 0);
    assert_string_equal(text, "");
}

static void test_locate(void **state)
{
    (void)state;
    captured_log captured;
    vrn_hub_file file = {0};
    vrn_hub *hub = open_hub(&captured, true);
    const vrn_hub_entry *entry = vrn_hub_find(hub, "net:V1");
    assert_int_equal(vrn_hub_locate(hub, entry, &file), VRN_OK);
    assert_int_equal(file.place, VRN_HUB_NOWHERE);
    assert_null(file.path);
    assert_int_equal(vrn_hub_fetch(hub, entry, NULL, &file), VRN_ERROR_NETWORK);
    assert_null(file.path);
    assert_true(said_once(&captured, "https://nowhere.invalid/net.pth"));
    assert_non_null(strstr(captured.text, path));

    write_file(path, CONTENT);
    for (int get = 0; get < 2; get++) {
        assert_int_equal(get ? vrn_hub_fetch(hub, entry, NULL, &file)
                             : vrn_hub_locate(hub, entry, &file),
                         VRN_OK);
        assert_int_equal(file.place, VRN_HUB_CACHE);
        assert_string_equal(file.path, path);
        assert_int_equal(file.bytes, strlen(CONTENT));
        vrn_hub_file_free(&file);
        assert_null(file.path);
    }
    vrn_hub_file_free(&file);
    vrn_hub_file_free(NULL);
    assert_int_equal(remove(path), 0);
    vrn_hub_destroy(&hub);
}

static bool cancel(void *user, const vrn_hub_progress *progress)
{
    int *calls = user;
    assert_true(progress->waiting);
    assert_string_equal(progress->entry->name, "net:A_V1");
    assert_int_equal(progress->done, 3);
    assert_int_equal(progress->total, strlen(CONTENT));
    return ++*calls == 3;
}

/* While another process has the part this one waits, and can be called off. */
static void test_cancel(void **state)
{
    (void)state;
    if (!vrn_hub_can_download()) skip();
    captured_log captured;
    vrn_hub_file file = {0};
    int calls = 0;
    vrn_hub *hub = open_hub(&captured, false);
    write_file(part, "no ");
    int fd = open(part, O_RDWR);
    assert_true(fd >= 0 && flock(fd, LOCK_EX) == 0);
    assert_int_equal(
        vrn_hub_fetch(hub, vrn_hub_find(hub, "net"),
                      &(vrn_hub_fetch_params){.progress = cancel, .progress_user = &calls}, &file),
        VRN_ERROR_CANCELLED);
    assert_int_equal(calls, 3);
    assert_null(file.path);
    assert_true(said_once(&captured, "net:A_V1: the download was cancelled"));
    close(fd);
    assert_int_equal(access(part, F_OK), 0); /* the other's part is not ours to remove */
    assert_int_equal(remove(part), 0);
    vrn_hub_destroy(&hub);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_built_in),  cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_directory), cmocka_unit_test(test_locate),
        cmocka_unit_test(test_cancel),
    };
    unsetenv("VKRESNET_REGISTRY");
    unsetenv("VKRESNET_HUB_URL");
    unsetenv("VKRESNET_OFFLINE");
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
