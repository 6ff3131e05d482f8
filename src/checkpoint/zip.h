/* Reads zip archives in memory. torch.save stores entries without compression; entries that
 * somebody compressed with DEFLATE afterwards can be read too.
 *
 * Why not a zip library: those of the distributions copy entries out through their own file
 * handles, and none gives a pointer into a mapping. With such pointers, weights go from the file to
 * the device without a second copy of the checkpoint in memory. The rest of the format is small.
 *
 * Every offset and length is checked before it is used. Checksums are not: PyTorch can be told to
 * write files without them. Follows PKWARE's APPNOTE.TXT 6.3.9, zip64 included. */
#ifndef VRN_CHECKPOINT_ZIP_H
#define VRN_CHECKPOINT_ZIP_H

#include <stddef.h>
#include <stdint.h>

#include <vkresnet/vkresnet.h>

#include "base/arena.h"
#include "checkpoint/source.h"

typedef struct vrn_zip_entry {
    const char *name; /* not NUL-terminated */
    size_t name_length;
    uint32_t method, flags;
    uint64_t size, stored_size; /* uncompressed, and as stored in the file */
    uint64_t header;            /* offset of its local header */
} vrn_zip_entry;

typedef struct vrn_zip {
    const vrn_source *source;
    vrn_zip_entry *entries; /* sorted by name */
    size_t count;
} vrn_zip;

/* Reads the central directory. The entries live in `arena`, their names in the file. */
vrn_result vrn_zip_open(vrn_zip *zip, const vrn_source *source, vrn_arena *arena);

/* The entry called `name`, or NULL. */
const vrn_zip_entry *vrn_zip_find(const vrn_zip *zip, const char *name, size_t length);

/* Finds an entry's bytes: in the file, or unpacked in `arena`. Refuses encrypted entries and other
 * compression methods. */
vrn_result vrn_zip_data(const vrn_zip *zip, const vrn_zip_entry *entry, vrn_arena *arena,
                        const uint8_t **data);

#endif
