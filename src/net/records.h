/* Records of the modules in a checkpoint (checkpoint/state_dict.h adds them): metadata
 * "module.NAME" with "CLASS stride=2,2 ...". */
#ifndef VRN_NET_RECORDS_H
#define VRN_NET_RECORDS_H

#include "checkpoint/checkpoint.h"

#define VRN_RECORD_START "module."

enum { VRN_RECORD_START_LENGTH = sizeof VRN_RECORD_START - 1, VRN_PAIR_FAULT_MAX = 200 };

/* True if a module has this class. A record may be NULL. */
bool vrn_record_is(const char *record, const char *class);
bool vrn_record_is_one_of(const char *record, const char *const *classes, size_t count);

/* True for an activation or another module that this library cannot run, or at least not after the
 * blocks. */
bool vrn_record_is_strange(const char *record);

/* "a" or "an", for the name of a module's class. */
const char *vrn_record_article(const char *record);

/* The last part of a key, after its last dot: "1" of "module.fc.1". */
const char *vrn_record_last(const char *key);

/* True if two keys differ at most in their last parts. */
bool vrn_record_are_siblings(const char *a, const char *b);

/* The number of a module in its Sequential; -1: it has a name. */
long vrn_record_number(const char *key);

/* Checks that a ReLU, and nothing else that changes values, is between the two layers of a head,
 * which are given by the names of their weights in the file. True if the file has no records of
 * them, or they do not show it. False: `fault` says why, "fc.1 is a Tanh". */
bool vrn_record_check_pair(char fault[VRN_PAIR_FAULT_MAX], const vrn_checkpoint *checkpoint,
                           const char *first_weight, const char *last_weight);

#endif
