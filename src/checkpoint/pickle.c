#include "checkpoint/pickle.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "checkpoint/pickle_call.h"

typedef struct machine machine;

#define MARKED UINT32_MAX

/* A row of the table below. */
typedef struct opcode {
    vrn_result (*run)(machine *m);
    uint32_t count; /* bytes of a number, or values of the stack; MARKED: above the last mark */
    vrn_pickle_kind kind; /* of what it makes or fills */
} opcode;

struct machine {
    vrn_pickle_context context;
    const opcode *op; /* under way */
    const uint8_t *data;
    size_t size, at;
    vrn_pickle_value *stack;
    size_t depth, stack_capacity;
    size_t *marks; /* depths of the stack at each open MARK */
    size_t mark_count, mark_capacity;
    vrn_pickle_value *memo;           /* VRN_PICKLE_UNSET where nothing was put */
    size_t memo_capacity, memo_count; /* memo_count: how many were put */
    bool stopped;
};

/* ---- Messages -------------------------------------------------------------------------------- */

static vrn_result fail(const machine *m, const char *expected, const char *found)
{
    vrn_pickle_fail(&m->context, expected, found);
    return VRN_ERROR_FILE;
}

static vrn_result fail_end(const machine *m)
{
    return fail(m, "the rest of a pickle", "its end: the file is damaged or incomplete");
}

/* ---- Stack and operands ---------------------------------------------------------------------- */

static vrn_result push(machine *m, const vrn_pickle_value *value)
{
    vrn_pickle_value *stack =
        vrn_arena_grow(m->context.arena, m->stack, &m->stack_capacity, m->depth + 1, sizeof *stack);
    if (!stack) return vrn_pickle_fail_memory(&m->context);
    m->stack = stack;
    stack[m->depth++] = *value;
    return VRN_OK;
}

/* What a function made of the pickle's layers below, unless it failed. */
static vrn_result push_made(machine *m, vrn_result result, const vrn_pickle_value *value)
{
    return result == VRN_OK ? push(m, value) : result;
}

/* Whether the stack has `count` values above the last mark. */
static bool has(const machine *m, size_t count)
{
    size_t floor = m->mark_count ? m->marks[m->mark_count - 1] : 0;
    return m->depth - floor >= count;
}

static vrn_result fail_stack(const machine *m)
{
    return fail(m, "more values on the stack", "too few");
}

/* As many values as the opcode says leave the stack. They stay readable until the next push. */
static vrn_result pop(machine *m, const vrn_pickle_value **values, size_t *count)
{
    *values = NULL;
    *count = m->op->count;
    if (m->op->count == MARKED) {
        if (m->mark_count == 0) return fail(m, "a mark on the stack", "none");
        *count = m->depth - m->marks[--m->mark_count];
    } else if (!has(m, *count)) {
        return fail_stack(m);
    }
    m->depth -= *count;
    if (*count) *values = m->stack + m->depth;
    return VRN_OK;
}

static bool take(machine *m, uint64_t count, const uint8_t **bytes)
{
    if (count > m->size - m->at) return false;
    *bytes = m->data + m->at;
    m->at += (size_t)count;
    return true;
}

/* A little-endian number of as many bytes as the opcode says. */
static bool take_number(machine *m, uint64_t *number)
{
    const uint8_t *bytes;
    if (!take(m, m->op->count, &bytes)) return false;
    *number = 0;
    for (uint32_t i = 0; i < m->op->count; i++) *number |= (uint64_t)bytes[i] << (8 * i);
    return true;
}

/* A length, and so many bytes. */
static bool take_counted(machine *m, uint64_t *length, const uint8_t **bytes)
{
    return take_number(m, length) && take(m, *length, bytes);
}

/* Up to a line feed, which is skipped. */
static bool take_line(machine *m, const char **text, size_t *length)
{
    const uint8_t *start = m->data + m->at;
    const uint8_t *end = memchr(start, '\n', m->size - m->at);
    if (!end) return false;
    *text = (const char *)start;
    *length = (size_t)(end - start);
    m->at += *length + 1;
    return true;
}

/* ---- Opcodes: simple values ------------------------------------------------------------------ */

static vrn_result op_skip(machine *m)
{
    const uint8_t *ignored;
    return take(m, m->op->count, &ignored) ? VRN_OK : fail_end(m);
}

static vrn_result op_proto(machine *m)
{
    uint64_t protocol;
    if (!take_number(m, &protocol)) return fail_end(m);
    return protocol >= 2 && protocol <= 5 ? VRN_OK : fail(m, "pickle protocol 2 to 5", "another");
}

/* An opcode's count is an index into this table. */
enum { CONSTANT_NONE, CONSTANT_FALSE, CONSTANT_TRUE, CONSTANT_SET, CONSTANT_LARGE };

/* Sets, and numbers of more than 64 bits, are nothing that weights need. */
static const vrn_pickle_value constants[] = {
    [CONSTANT_NONE] = {.kind = VRN_PICKLE_NONE},
    [CONSTANT_FALSE] = {.kind = VRN_PICKLE_BOOL, .as.boolean = false},
    [CONSTANT_TRUE] = {.kind = VRN_PICKLE_BOOL, .as.boolean = true},
    [CONSTANT_SET] = {.kind = VRN_PICKLE_OPAQUE,
                      .as.global = &(const vrn_pickle_global){"builtins", "set", 8, 3, 0}},
    [CONSTANT_LARGE] = {.kind = VRN_PICKLE_OPAQUE,
                        .as.global = &(const vrn_pickle_global){"builtins", "int", 8, 3, 0}},
};

static vrn_result op_constant(machine *m)
{
    return push(m, &constants[m->op->count]);
}

/* Four bytes are signed, one and two are not. */
static vrn_result op_int(machine *m)
{
    uint64_t number;
    if (!take_number(m, &number)) return fail_end(m);
    int64_t integer = m->op->count == 4 && number >= UINT64_C(1) << 31
                          ? (int64_t)number - (INT64_C(1) << 32)
                          : (int64_t)number;
    return push(m, &(vrn_pickle_value){.kind = VRN_PICKLE_INT, .as.integer = integer});
}

/* Two's complement of any length. */
static vrn_result op_long(machine *m)
{
    uint64_t length;
    const uint8_t *bytes;
    if (!take_counted(m, &length, &bytes)) return fail_end(m);
    if (length > 8) return push(m, &constants[CONSTANT_LARGE]);
    uint64_t number = length && bytes[length - 1] & 0x80 ? UINT64_MAX : 0;
    for (uint64_t i = length; i-- > 0;) number = number << 8 | bytes[i];
    vrn_pickle_value value = {.kind = VRN_PICKLE_INT};
    memcpy(&value.as.integer, &number, sizeof number);
    return push(m, &value);
}

static vrn_result op_float(machine *m)
{
    const uint8_t *bytes;
    if (!take(m, 8, &bytes)) return fail_end(m);
    uint64_t bits = 0; /* big-endian */
    for (int i = 0; i < 8; i++) bits = bits << 8 | bytes[i];
    vrn_pickle_value value = {.kind = VRN_PICKLE_FLOAT};
    memcpy(&value.as.number, &bits, sizeof bits);
    return push(m, &value);
}

static vrn_result op_text(machine *m)
{
    uint64_t length;
    const uint8_t *bytes;
    if (!take_counted(m, &length, &bytes)) return fail_end(m);
    if (length > UINT32_MAX) return fail(m, "a text of less than 4 GiB", "a longer one");
    return push(m, &(vrn_pickle_value){.kind = m->op->kind,
                                       .length = (uint32_t)length,
                                       .as.text = (const char *)bytes});
}

/* ---- Opcodes: containers --------------------------------------------------------------------- */

static vrn_result op_mark(machine *m)
{
    size_t *marks = vrn_arena_grow(m->context.arena, m->marks, &m->mark_capacity, m->mark_count + 1,
                                   sizeof *marks);
    if (!marks) return vrn_pickle_fail_memory(&m->context);
    m->marks = marks;
    marks[m->mark_count++] = m->depth;
    return VRN_OK;
}

static vrn_result op_pop(machine *m)
{
    if (has(m, 1)) {
        m->depth--;
    } else if (m->mark_count) {
        m->mark_count--; /* as Python has it: the mark counts as a value */
    } else {
        return fail_stack(m);
    }
    return VRN_OK;
}

static vrn_result op_pop_mark(machine *m)
{
    const vrn_pickle_value *values;
    size_t count;
    return pop(m, &values, &count);
}

static vrn_result op_tuple(machine *m)
{
    const vrn_pickle_value *values;
    size_t count;
    vrn_result result = pop(m, &values, &count);
    if (result != VRN_OK) return result;
    if (count > UINT32_MAX) return fail(m, "a tuple of less than 2^32 values", "a longer one");
    vrn_pickle_value *items = vrn_arena_alloc(m->context.arena, count, sizeof *items);
    if (!items) return vrn_pickle_fail_memory(&m->context);
    if (count) memcpy(items, values, count * sizeof *items);
    return push(m, &(vrn_pickle_value){
                       .kind = VRN_PICKLE_TUPLE, .length = (uint32_t)count, .as.items = items});
}

static vrn_result op_container(machine *m)
{
    vrn_pickle_value value;
    return push_made(m, vrn_pickle_container(&m->context, m->op->kind, &value), &value);
}

static vrn_result op_frozen_set(machine *m)
{
    return push_made(m, op_pop_mark(m), &constants[CONSTANT_SET]);
}

/* Adds values to the container below them on the stack; an opaque one swallows them. */
static vrn_result op_add(machine *m)
{
    const vrn_pickle_kind kind = m->op->kind;
    const vrn_pickle_value *values;
    size_t count;
    vrn_result result = pop(m, &values, &count);
    if (result != VRN_OK) return result;
    if (!has(m, 1)) return fail_stack(m);
    vrn_pickle_value *target = &m->stack[m->depth - 1];
    if (target->kind == VRN_PICKLE_OPAQUE) return VRN_OK;
    if (target->kind != kind) {
        return vrn_pickle_fail_value(&m->context,
                                     kind == VRN_PICKLE_DICT ? "a dictionary" : "a list", target);
    }
    if (kind == VRN_PICKLE_DICT && count % 2) return fail(m, "a value for each key", "one too few");
    return vrn_pickle_append(&m->context, target->as.container, values, count);
}

/* ---- Opcodes: the memo ----------------------------------------------------------------------- */

static vrn_result put(machine *m, uint64_t index)
{
    if (!has(m, 1)) return fail_stack(m);
    /* Python numbers them in order, and each takes two bytes or more of the pickle. */
    if (index >= m->at) return fail(m, "the next index into the memo", "one far beyond");
    vrn_pickle_value *memo = vrn_arena_grow(m->context.arena, m->memo, &m->memo_capacity,
                                            (size_t)index + 1, sizeof *memo);
    if (!memo) return vrn_pickle_fail_memory(&m->context);
    m->memo = memo;
    if (memo[index].kind == VRN_PICKLE_UNSET) m->memo_count++;
    memo[index] = m->stack[m->depth - 1];
    return VRN_OK;
}

static vrn_result op_put(machine *m)
{
    uint64_t index;
    return take_number(m, &index) ? put(m, index) : fail_end(m);
}

static vrn_result op_memoize(machine *m)
{
    return put(m, m->memo_count);
}

static vrn_result op_get(machine *m)
{
    uint64_t index;
    if (!take_number(m, &index)) return fail_end(m);
    if (index >= m->memo_capacity || m->memo[index].kind == VRN_PICKLE_UNSET) {
        return fail(m, "an index into the memo", "one that was never put there");
    }
    return push(m, &m->memo[index]);
}

/* ---- Opcodes: names and calls ---------------------------------------------------------------- */

static vrn_result push_global(machine *m, const vrn_pickle_global *name)
{
    vrn_pickle_value value;
    return push_made(m, vrn_pickle_global_value(&m->context, name, &value), &value);
}

static vrn_result op_global(machine *m)
{
    vrn_pickle_global global = {0};
    bool whole = take_line(m, &global.module, &global.module_length) &&
                 take_line(m, &global.name, &global.name_length);
    return whole ? push_global(m, &global) : fail_end(m);
}

static vrn_result op_stack_global(machine *m)
{
    const vrn_pickle_value *texts;
    size_t count;
    vrn_result result = pop(m, &texts, &count);
    if (result != VRN_OK || count != 2) return result; /* two: so says the opcode */
    if (texts[0].kind != VRN_PICKLE_TEXT) {
        return vrn_pickle_fail_value(&m->context, "a module's name", &texts[0]);
    }
    if (texts[1].kind != VRN_PICKLE_TEXT) {
        return vrn_pickle_fail_value(&m->context, "a name", &texts[1]);
    }
    return push_global(m, &(vrn_pickle_global){.module = texts[0].as.text,
                                               .module_length = texts[0].length,
                                               .name = texts[1].as.text,
                                               .name_length = texts[1].length});
}

/* REDUCE and NEWOBJ: the function, its arguments; NEWOBJ_EX: keyword arguments besides. */
static vrn_result op_call(machine *m)
{
    const vrn_pickle_value *function;
    vrn_pickle_value value;
    size_t count;
    vrn_result result = pop(m, &function, &count);
    if (result != VRN_OK) return result;
    return push_made(m, vrn_pickle_call(&m->context, function, function + 1, &value), &value);
}

/* The state is attributes (a state dictionary's _metadata, an object's fields): of no use here. */
static vrn_result op_build(machine *m)
{
    if (!has(m, 2)) return fail_stack(m);
    m->depth--;
    return VRN_OK;
}

static vrn_result op_persistent(machine *m)
{
    const vrn_pickle_value *id;
    vrn_pickle_value value;
    size_t count;
    vrn_result result = pop(m, &id, &count);
    if (result != VRN_OK) return result;
    return push_made(m, vrn_pickle_persistent(&m->context, id, &value), &value);
}

static vrn_result op_stop(machine *m)
{
    if (!has(m, 1)) return fail_stack(m);
    m->stopped = true;
    return VRN_OK;
}

/* ---- The machine ----------------------------------------------------------------------------- */

static const opcode opcodes[256] = {
    [0x80] = {op_proto, 1, 0},                    /* PROTO */
    [0x95] = {op_skip, 8, 0},                     /* FRAME: a length, for buffering only */
    ['N'] = {op_constant, CONSTANT_NONE, 0},      /* NONE */
    [0x88] = {op_constant, CONSTANT_TRUE, 0},     /* NEWTRUE */
    [0x89] = {op_constant, CONSTANT_FALSE, 0},    /* NEWFALSE */
    ['J'] = {op_int, 4, 0},                       /* BININT */
    ['K'] = {op_int, 1, 0},                       /* BININT1 */
    ['M'] = {op_int, 2, 0},                       /* BININT2 */
    [0x8a] = {op_long, 1, 0},                     /* LONG1 */
    [0x8b] = {op_long, 4, 0},                     /* LONG4 */
    ['G'] = {op_float, 0, 0},                     /* BINFLOAT */
    ['X'] = {op_text, 4, VRN_PICKLE_TEXT},        /* BINUNICODE */
    [0x8c] = {op_text, 1, VRN_PICKLE_TEXT},       /* SHORT_BINUNICODE */
    [0x8d] = {op_text, 8, VRN_PICKLE_TEXT},       /* BINUNICODE8 */
    ['T'] = {op_text, 4, VRN_PICKLE_TEXT},        /* BINSTRING: Python 2's str */
    ['U'] = {op_text, 1, VRN_PICKLE_TEXT},        /* SHORT_BINSTRING */
    ['B'] = {op_text, 4, VRN_PICKLE_BYTES},       /* BINBYTES */
    ['C'] = {op_text, 1, VRN_PICKLE_BYTES},       /* SHORT_BINBYTES */
    [0x8e] = {op_text, 8, VRN_PICKLE_BYTES},      /* BINBYTES8 */
    [0x96] = {op_text, 8, VRN_PICKLE_BYTES},      /* BYTEARRAY8 */
    ['('] = {op_mark, 0, 0},                      /* MARK */
    ['0'] = {op_pop, 0, 0},                       /* POP */
    ['1'] = {op_pop_mark, MARKED, 0},             /* POP_MARK */
    ['t'] = {op_tuple, MARKED, 0},                /* TUPLE */
    [')'] = {op_tuple, 0, 0},                     /* EMPTY_TUPLE */
    [0x85] = {op_tuple, 1, 0},                    /* TUPLE1 */
    [0x86] = {op_tuple, 2, 0},                    /* TUPLE2 */
    [0x87] = {op_tuple, 3, 0},                    /* TUPLE3 */
    [']'] = {op_container, 0, VRN_PICKLE_LIST},   /* EMPTY_LIST */
    ['}'] = {op_container, 0, VRN_PICKLE_DICT},   /* EMPTY_DICT */
    [0x8f] = {op_constant, CONSTANT_SET, 0},      /* EMPTY_SET */
    ['a'] = {op_add, 1, VRN_PICKLE_LIST},         /* APPEND */
    ['e'] = {op_add, MARKED, VRN_PICKLE_LIST},    /* APPENDS */
    ['s'] = {op_add, 2, VRN_PICKLE_DICT},         /* SETITEM */
    ['u'] = {op_add, MARKED, VRN_PICKLE_DICT},    /* SETITEMS */
    [0x90] = {op_add, MARKED, VRN_PICKLE_OPAQUE}, /* ADDITEMS */
    [0x91] = {op_frozen_set, MARKED, 0},          /* FROZENSET */
    ['q'] = {op_put, 1, 0},                       /* BINPUT */
    ['r'] = {op_put, 4, 0},                       /* LONG_BINPUT */
    [0x94] = {op_memoize, 0, 0},                  /* MEMOIZE */
    ['h'] = {op_get, 1, 0},                       /* BINGET */
    ['j'] = {op_get, 4, 0},                       /* LONG_BINGET */
    ['c'] = {op_global, 0, 0},                    /* GLOBAL */
    [0x93] = {op_stack_global, 2, 0},             /* STACK_GLOBAL */
    ['R'] = {op_call, 2, 0},                      /* REDUCE */
    [0x81] = {op_call, 2, 0},                     /* NEWOBJ */
    [0x92] = {op_call, 3, 0},                     /* NEWOBJ_EX */
    ['b'] = {op_build, 0, 0},                     /* BUILD */
    ['Q'] = {op_persistent, 1, 0},                /* BINPERSID */
    ['.'] = {op_stop, 0, 0},                      /* STOP */
};

vrn_result vrn_pickle_run(vrn_pickle *pickle, const vrn_source *source, const char *what,
                          const uint8_t *data, size_t size, vrn_arena *arena)
{
    *pickle = (vrn_pickle){0};
    machine m = {
        .context = {.source = source, .what = what, .arena = arena}, .data = data, .size = size};
    while (!m.stopped) {
        m.context.position = m.at;
        if (m.at == m.size) return fail_end(&m);
        const opcode *op = &opcodes[m.data[m.at]];
        if (!op->run) {
            char found[32];
            snprintf(found, sizeof found, "0x%02x", m.data[m.at]);
            return fail(&m, "an opcode of pickle protocol 2 to 5", found);
        }
        m.at++;
        m.op = op;
        vrn_result result = op->run(&m);
        if (result != VRN_OK) return result;
    }
    pickle->value = m.stack[m.depth - 1];
    pickle->size = m.at;
    pickle->storages = m.context.storages;
    return VRN_OK;
}
