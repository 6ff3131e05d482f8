#include "checkpoint/format.h"

#include "base/text.h"
#include "checkpoint/foreign.h"

#define ROW(name) &vrn_checkpoint_##name,
const vrn_checkpoint_format *const vrn_checkpoint_formats[] = {VRN_CHECKPOINT_FORMATS(ROW) NULL};

static vrn_result fail_unknown(const vrn_source *source,
                               const vrn_checkpoint_format *const *formats)
{
    char known[256] = "", found[128] = "a file that begins with the bytes";
    for (; *formats; formats++) {
        const char *separator = !*known ? "" : formats[1] ? ", " : ", or ";
        if ((*formats)->name) vrn_append(known, sizeof known, "%s%s", separator, (*formats)->name);
    }
    const char *what = vrn_foreign_describe(source);
    for (size_t i = 0; i < 8 && i < source->size; i++) {
        vrn_append(found, sizeof found, " %02x", source->data[i]);
    }
    return vrn_source_fail(source, "expected a checkpoint (%s), found %s", known,
                           what ? what : found);
}

vrn_result vrn_checkpoint_read(vrn_tensor_list *list, const vrn_source *source,
                               const vrn_checkpoint_format *const *formats)
{
    for (const vrn_checkpoint_format *const *each = formats; *each; each++) {
        if (!(*each)->recognise(source)) continue;
        vrn_result result = (*each)->read(list, source);
        return result ? result : vrn_tensor_list_finish(list, source);
    }
    return fail_unknown(source, formats);
}
