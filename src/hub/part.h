/* A partially downloaded file (os_part.c), named "FILE.part" beside the final FILE. Only one
 * process at a time can hold it. It stays on disk when the process exits or crashes. */
#ifndef VRN_HUB_PART_H
#define VRN_HUB_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vkresnet/vkresnet.h>

typedef struct vrn_partial vrn_partial;

/* Opens the partial file of `path`, creating it if needed, and locks it. *busy: another process
 * holds it; then *part is NULL and the result VRN_OK. *size receives its current size in either
 * case. Errors: VRN_ERROR_FILE, VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_partial_open(vrn_partial **part, const char *path, bool *busy, uint64_t *size,
                            const vrn_log *log);

/* write appends, empty truncates to 0 bytes. Errors: VRN_ERROR_FILE. */
vrn_result vrn_partial_write(vrn_partial *part, const void *data, size_t size, const vrn_log *log);
vrn_result vrn_partial_empty(vrn_partial *part, const vrn_log *log);

/* The path of the partial file, valid while it is open. */
const char *vrn_partial_path(const vrn_partial *part);

/* Syncs it to the disk and renames it to FILE. It stays open. */
vrn_result vrn_partial_commit(vrn_partial *part, const vrn_log *log);

/* Unlocks and closes it. Removes it if it is empty and was not committed. Accepts NULL and a NULL
 * handle. */
void vrn_partial_close(vrn_partial **part);

/* Waits a tenth of a second. */
void vrn_partial_wait(void);

#endif
