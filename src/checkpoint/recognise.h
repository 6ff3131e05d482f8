/* What a file is, by its first bytes. */
#ifndef VRN_CHECKPOINT_RECOGNISE_H
#define VRN_CHECKPOINT_RECOGNISE_H

#include <vkresnet/vkresnet.h>

#include "checkpoint/source.h"

typedef enum vrn_file_form {
    VRN_FORM_UNKNOWN,
    VRN_FORM_ZIP,
    VRN_FORM_LEGACY,
    VRN_FORM_SAFETENSORS,
} vrn_file_form;

vrn_file_form vrn_recognise(const vrn_source *source);

/* Fails with what an unknown file seems to be, and what to do about it. */
vrn_result vrn_fail_unknown(const vrn_source *source);

#endif
