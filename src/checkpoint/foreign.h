/* Recognises files that are not checkpoints, by their bytes or names, and says what to do with
 * them. */
#ifndef VRN_CHECKPOINT_FOREIGN_H
#define VRN_CHECKPOINT_FOREIGN_H

#include <stddef.h>

#include "checkpoint/source.h"
#include "checkpoint/zip.h"

/* "a gzip archive: unpack it first"; NULL: not known. Static. */
const char *vrn_foreign_describe(const vrn_source *source);

/* The same for a zip archive that torch.save did not write, by its entries; never NULL. */
const char *vrn_foreign_describe_zip(const vrn_zip *zip);

/* The same for a folder without weights of a known name, or NULL. */
const char *vrn_foreign_describe_folder(const char *path);

#endif
