/* Submitting and waiting on a driver that misbehaves on request: it never signals, is lost in
 * another thread, cannot reset a fence, fails in the middle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/os.h"
#include "gpu/queue.h"

static struct {
    VkResult waited, reset, submitted;
    int waits, resets, submits, idles;
    int fail_from;         /* that submission and all later ones fail, from 1 */
    int fail_submit;       /* the how-manieth, from 1 */
    int fences;            /* that were given to submissions */
    uint64_t longest_wait; /* that was asked for, in nanoseconds */
    uint32_t buffers[8];   /* of each submission */
} fake;

static vrn_device device;
static vrn_device_queue queue;

static VkResult VKAPI_CALL fake_WaitForFences(VkDevice d, uint32_t count, const VkFence *fences,
                                              VkBool32 all, uint64_t timeout)
{
    (void)d, (void)count, (void)fences, (void)all;
    fake.waits++;
    if (timeout > fake.longest_wait) fake.longest_wait = timeout;
    const double end = vrn_time_ms() + 2; /* not as long as it was asked to */
    while (fake.waited == VK_TIMEOUT && vrn_time_ms() < end) {
    }
    return fake.waited;
}

static VkResult VKAPI_CALL fake_ResetFences(VkDevice d, uint32_t count, const VkFence *fences)
{
    (void)d, (void)count, (void)fences;
    fake.resets++;
    return fake.reset;
}

static VkResult VKAPI_CALL fake_QueueSubmit(VkQueue handle, uint32_t count,
                                            const VkSubmitInfo *infos, VkFence fence)
{
    (void)handle;
    assert_true(count <= 1 && fake.submits < 8);
    fake.buffers[fake.submits++] = count ? infos->commandBufferCount : 0;
    fake.fences += fence != VK_NULL_HANDLE;
    const bool fails =
        fake.submits == fake.fail_submit || (fake.fail_from && fake.submits >= fake.fail_from);
    return fails ? VK_ERROR_OUT_OF_HOST_MEMORY : VK_SUCCESS;
}

static VkResult VKAPI_CALL fake_QueueWaitIdle(VkQueue handle)
{
    (void)handle;
    fake.idles++;
    return VK_SUCCESS;
}

static vrn_commands pending(void)
{
    return (vrn_commands){.queue = &queue, .fence = (VkFence)(uintptr_t)1, .pending = true};
}

static void lose(void *user)
{
    const double end = vrn_time_ms() + 60;
    (void)user;
    while (vrn_time_ms() < end) {
    }
    atomic_store(&device.lost, true);
}

static void wait_ends_when_another_thread_is_told(void **state)
{
    (void)state;
    fake.waited = VK_TIMEOUT;
    vrn_commands commands = pending();
    vrn_thread *thread = vrn_thread_start(lose, NULL);
    assert_non_null(thread);
    assert_int_equal(vrn_commands_wait(&commands, &device), VRN_ERROR_DEVICE_LOST);
    vrn_thread_join(&thread);
    assert_true(fake.waits > 1);
    assert_true(fake.longest_wait <= 1000000000u);
    assert_true(commands
                    /* the device may still be at it: what it uses is destroyed after a wait .. */
                    .pending);
    fake.waits = 0;
    commands.fence = VK_NULL_HANDLE;
    vrn_commands_destroy(&commands, &device);
    assert_int_equal(fake.waits, 1); /* .. which is one, and bounded */
    assert_true(fake.longest_wait <= 5000000000u);
    assert_int_equal(fake.idles, 0);
}

static void fence_is_reset_before_it_serves_again(void **state)
{
    (void)state;
    const VkCommandBuffer buffer = VK_NULL_HANDLE;
    vrn_commands commands = pending();
    fake.reset = VK_ERROR_OUT_OF_HOST_MEMORY;
    assert_int_equal(vrn_commands_wait(&commands, &device), VRN_ERROR_OUT_OF_MEMORY);
    assert_false(commands.pending); /* it has ended all the same */
    assert_int_equal(vrn_commands_wait(&commands, &device), VRN_OK);
    assert_int_equal(vrn_commands_submit(&commands, &device, VK_NULL_HANDLE, &buffer, 1, NULL),
                     VRN_ERROR_OUT_OF_MEMORY);
    assert_int_equal(fake.submits, 0);
    fake.reset = VK_SUCCESS;
    assert_int_equal(vrn_commands_submit(&commands, &device, VK_NULL_HANDLE, &buffer, 1, NULL),
                     VRN_OK);
    assert_int_equal(fake.submits, 1);
    assert_int_equal(fake.resets, 3);
}

static void parts_go_one_by_one(void **state)
{
    (void)state;
    const VkCommandBuffer buffers[3] = {VK_NULL_HANDLE};
    const VkCommandBuffer ahead = (VkCommandBuffer)(uintptr_t)8;
    vrn_commands commands = {.queue = &queue, .fence = (VkFence)(uintptr_t)1};
    assert_int_equal(vrn_commands_submit(&commands, &device, ahead, buffers, 3, NULL), VRN_OK);
    assert_true(commands.pending);
    assert_int_equal(fake.submits, 3);
    assert_int_equal(fake.fences, 1);
    assert_int_equal(fake.buffers[0], 2);
    assert_int_equal(fake.buffers[1], 1);
    assert_int_equal(fake.buffers[2], 1);
    commands.pending = false;
    assert_int_equal(vrn_commands_submit(&commands, &device, VK_NULL_HANDLE, buffers, 1, NULL),
                     VRN_OK);
    assert_int_equal(fake.buffers[3], 1);
    assert_int_equal(fake.fences, 2);
}

static void parts_that_were_submitted_are_waited_for(void **state)
{
    (void)state;
    const VkCommandBuffer buffers[3] = {VK_NULL_HANDLE};
    vrn_commands commands = {.queue = &queue, .fence = (VkFence)(uintptr_t)1};
    fake.fail_submit = 3;
    assert_int_equal(vrn_commands_submit(&commands, &device, VK_NULL_HANDLE, buffers, 3, NULL),
                     VRN_ERROR_OUT_OF_MEMORY);
    assert_int_equal(fake.submits, 4); /* the last gives the fence, waited for unlocked .. */
    assert_int_equal(fake.buffers[3], 0);
    assert_int_equal(fake.fences, 2);
    assert_int_equal(fake.waits, 1);
    assert_int_equal(fake.idles, 0);
    assert_false(commands.pending);
    fake.submits = 0;
    fake.fail_from = 2;
    assert_int_equal(vrn_commands_submit(&commands, &device, VK_NULL_HANDLE, buffers, 3, NULL),
                     VRN_ERROR_OUT_OF_MEMORY);
    assert_int_equal(fake.submits, 3);
    assert_int_equal(fake.waits, 1);
    assert_int_equal(fake.idles, 1); /* .. or, if that fails too, the queue */
    assert_false(commands.pending);
    fake.submits = fake.fail_from = 0;
    fake.fail_submit = 1;
    assert_int_equal(vrn_commands_submit(&commands, &device, VK_NULL_HANDLE, buffers, 3, NULL),
                     VRN_ERROR_OUT_OF_MEMORY);
    assert_int_equal(fake.submits, 1);
    assert_int_equal(fake.idles, 1); /* there was nothing under way */
}

/* What a run used is destroyed or recorded again after it, also where waiting for it failed. */
static void a_run_leaves_nothing_under_way(void **state)
{
    (void)state;
    const VkCommandBuffer buffer = VK_NULL_HANDLE;
    vrn_commands commands = {.queue = &queue, .fence = (VkFence)(uintptr_t)1};
    fake.waited = VK_ERROR_OUT_OF_HOST_MEMORY;
    assert_int_equal(vrn_commands_run(&commands, &device, buffer), VRN_ERROR_OUT_OF_MEMORY);
    assert_int_equal(fake.waits, 2);
    assert_int_equal(fake.idles, 1);
    assert_false(commands.pending);
    fake.waited = VK_SUCCESS;
    assert_int_equal(vrn_commands_run(&commands, &device, buffer), VRN_OK);
    assert_int_equal(fake.submits, 2);
    assert_int_equal(fake.resets, 2); /* of the fence that nobody had seen signalled, too */
}

static int set_up(void **state)
{
    (void)state;
    memset(&fake, 0, sizeof fake);
    memset(&device, 0, sizeof device);
    queue.lock = vrn_mutex_create();
    device.vk.WaitForFences = fake_WaitForFences;
    device.vk.ResetFences = fake_ResetFences;
    device.vk.QueueSubmit = fake_QueueSubmit;
    device.vk.QueueWaitIdle = fake_QueueWaitIdle;
    return queue.lock ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    vrn_mutex_destroy(&queue.lock);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(wait_ends_when_another_thread_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fence_is_reset_before_it_serves_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_run_leaves_nothing_under_way, set_up, tear_down),
        cmocka_unit_test_setup_teardown(parts_go_one_by_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(parts_that_were_submitted_are_waited_for, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
