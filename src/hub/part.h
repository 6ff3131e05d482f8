/* A file that is not whole yet: os_part.c. It belongs to one process at a time, and lies beside the
 * file that it is to become under the name "FILE.part", where it stays when the process ends,
 * however that ends. */
#ifndef VRN_HUB_PART_H
#define VRN_HUB_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vkresnet/vkresnet.h>

typedef struct vrn_partial vrn_partial;

/* Opens the part of the file `path`, making it if need be, and locks it. `*busy`: another process
 * has it, and *part is NULL with VRN_OK; `*size` is what it has by now, as it is of a part that was
 * got. Errors: VRN_ERROR_FILE, VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_partial_open(vrn_partial **part, const char *path, bool *busy, uint64_t *size,
                            const vrn_log *log);

/* Writes behind what is there. The errors are those of the disk. */
vrn_result vrn_partial_write(vrn_partial *part, const void *data, size_t size, const vrn_log *log);
vrn_result vrn_partial_empty(vrn_partial *part, const vrn_log *log);

/* Its own name, for as long as it is open. */
const char *vrn_partial_path(const vrn_partial *part);

/* Brings it to the disk and gives it the file's name. It stays open. */
vrn_result vrn_partial_commit(vrn_partial *part, const vrn_log *log);

/* Unlocks. One that is empty is removed, unless it was committed. Accepts NULL and a handle that is
 * NULL. */
void vrn_partial_close(vrn_partial **part);

/* Waits a tenth of a second. */
void vrn_partial_wait(void);

#endif
