#include "checkpoint/pickle.h"

#include <stdio.h>
#include <string.h>

#include "checkpoint/pickle_call.h"

typedef struct machine machine;

#define MARKED UINT32_MAX

/* A row of the table below. */
typedef struct opcode {
    void (*run)(machine *m);
    uint32_t count; /* bytes of a number, or values of the stack; MARKED: above the last mark */
    vrn_pickle_kind kind; /* the kind of value that it makes or fills */
} opcode;

/* After a failure, which context.result keeps, the rest of an opcode is harmless: nothing more is
 * pushed, and values that could not be taken or popped are 0 or NULL. */
struct machine {
    vrn_pickle_context context;
    const opcode *op; /* under way */
    const uint8_t *data;
    size_t size, at;
    vrn_pickle_value *stack;
    size_t depth, stack_capacity;
    size_t *marks; /* depths of the stack at each open MARK */
    size_t mark_count, mark_capacity;
    vrn_pickle_value *memo;           /* VRN_PICKLE_UNSET: empty */
    size_t memo_capacity, memo_count; /* memo_count: values that were put */
    bool stopped;
};

/* ---- Stack and operands ---------------------------------------------------------------------- */

static void fail(machine *m, const char *expected, const char *found)
{
    vrn_pickle_fail(&m->context, expected, found);
}

static void push(machine *m, const vrn_pickle_value *value)
{
    if (m->context.result != VRN_OK) return;
    vrn_pickle_value *stack =
        vrn_pickle_grow(&m->context, m->stack, &m->stack_capacity, m->depth + 1, sizeof *stack);
    if (!stack) return;
    m->stack = stack;
    stack[m->depth++] = *value;
}

/* Checks that the stack has `count` values above the last mark; fails if not. */
static bool need(machine *m, size_t count)
{
    size_t floor = m->mark_count ? m->marks[m->mark_count - 1] : 0;
    if (m->depth - floor >= count) return true;
    fail(m, "more values on the stack", "too few: the file is damaged");
    return false;
}

/* Pops the opcode's number of values. They stay readable until the next push. */
static const vrn_pickle_value *pop(machine *m, size_t *count)
{
    *count = m->op->count;
    if (m->op->count == MARKED) {
        *count = m->mark_count ? m->depth - m->marks[m->mark_count - 1] : 0;
        if (m->mark_count == 0) {
            fail(m, "a mark on the stack", "none: the file is damaged");
        } else {
            m->mark_count--;
        }
    } else if (!need(m, *count)) {
        *count = 0;
    }
    m->depth -= *count;
    return *count ? m->stack + m->depth : NULL;
}

static const uint8_t *take(machine *m, uint64_t count)
{
    const uint8_t *bytes = m->data + m->at;
    if (count > m->size - m->at) {
        fail(m, "the rest of a pickle", "the end of the data: the file is damaged or incomplete");
        return NULL;
    }
    m->at += (size_t)count;
    return bytes;
}

/* Reads a little-endian number with the opcode's number of bytes. */
static uint64_t take_number(machine *m)
{
    const uint8_t *bytes = take(m, m->op->count);
    uint64_t number = 0;
    for (uint32_t i = 0; bytes && i < m->op->count; i++) number |= (uint64_t)bytes[i] << (8 * i);
    return number;
}

/* Up to a line feed, which is skipped. */
static const char *take_line(machine *m, size_t *length)
{
    const uint8_t *start = m->data + m->at;
    const uint8_t *end = memchr(start, '\n', m->size - m->at);
    *length = (size_t)((end ? end : m->data + m->size) - start);
    return (const char *)take(m, *length + 1);
}

/* ---- Opcodes: simple values ------------------------------------------------------------------ */

static void op_skip(machine *m)
{
    take(m, m->op->count);
}

static void op_proto(machine *m)
{
    uint64_t protocol = take_number(m);
    if (protocol < 2 || protocol > 5) fail(m, "pickle protocol 2 to 5", "another");
}

/* An opcode's count is an index into this table. */
enum { CONSTANT_NONE, CONSTANT_FALSE, CONSTANT_TRUE, CONSTANT_SET, CONSTANT_LARGE };

/* Weights need no sets and no numbers of more than 64 bits. */
static const vrn_pickle_value constants[] = {
    [CONSTANT_NONE] = {.kind = VRN_PICKLE_NONE},
    [CONSTANT_FALSE] = {.kind = VRN_PICKLE_BOOL, .as.boolean = false},
    [CONSTANT_TRUE] = {.kind = VRN_PICKLE_BOOL, .as.boolean = true},
    [CONSTANT_SET] = {.kind = VRN_PICKLE_OPAQUE,
                      .as.global = &(const vrn_pickle_global){"builtins", "set", 8, 3, 0, NULL}},
    [CONSTANT_LARGE] = {.kind = VRN_PICKLE_OPAQUE,
                        .as.global = &(const vrn_pickle_global){"builtins", "int", 8, 3, 0, NULL}},
};

static void op_constant(machine *m)
{
    push(m, &constants[m->op->count]);
}

/* Four bytes are signed, one and two are not. */
static void op_int(machine *m)
{
    uint64_t number = take_number(m);
    int64_t integer = m->op->count == 4 && number >= UINT64_C(1) << 31
                          ? (int64_t)number - (INT64_C(1) << 32)
                          : (int64_t)number;
    push(m, &(vrn_pickle_value){.kind = VRN_PICKLE_INT, .as.integer = integer});
}

/* Two's complement of any length. */
static void op_long(machine *m)
{
    uint64_t length = take_number(m);
    const uint8_t *bytes = take(m, length);
    if (!bytes || length > 8) {
        push(m, &constants[CONSTANT_LARGE]);
        return;
    }
    uint64_t number = length && bytes[length - 1] & 0x80 ? UINT64_MAX : 0;
    for (uint64_t i = length; i-- > 0;) number = number << 8 | bytes[i];
    vrn_pickle_value value = {.kind = VRN_PICKLE_INT};
    memcpy(&value.as.integer, &number, sizeof number);
    push(m, &value);
}

static void op_float(machine *m)
{
    const uint8_t *bytes = take(m, 8);
    uint64_t bits = 0; /* big-endian */
    for (int i = 0; bytes && i < 8; i++) bits = bits << 8 | bytes[i];
    vrn_pickle_value value = {.kind = VRN_PICKLE_FLOAT};
    memcpy(&value.as.number, &bits, sizeof bits);
    push(m, &value);
}

static void op_text(machine *m)
{
    uint64_t length = take_number(m);
    const char *text = (const char *)take(m, length);
    if (length > UINT32_MAX) fail(m, "a string of less than 4 GiB", "a longer one");
    push(m, &(vrn_pickle_value){m->op->kind, (uint32_t)length, .as.text = text});
}

/* ---- Opcodes: containers --------------------------------------------------------------------- */

static void op_mark(machine *m)
{
    size_t *marks =
        vrn_pickle_grow(&m->context, m->marks, &m->mark_capacity, m->mark_count + 1, sizeof *marks);
    if (!marks) return;
    m->marks = marks;
    marks[m->mark_count++] = m->depth;
}

static void op_pop(machine *m)
{
    if (m->mark_count && m->depth == m->marks[m->mark_count - 1]) {
        m->mark_count--; /* as in Python: the mark counts as a value */
    } else if (need(m, 1)) {
        m->depth--;
    }
}

static void op_pop_mark(machine *m)
{
    size_t count;
    pop(m, &count);
}

static void op_tuple(machine *m)
{
    size_t count;
    const vrn_pickle_value *values = pop(m, &count);
    if (count > UINT32_MAX) fail(m, "a tuple of fewer than 2^32 values", "a longer one");
    vrn_pickle_value *items = vrn_pickle_alloc(&m->context, count, sizeof *items);
    if (count && items) memcpy(items, values, count * sizeof *items);
    push(m, &(vrn_pickle_value){VRN_PICKLE_TUPLE, (uint32_t)count, .as.items = items});
}

static void op_container(machine *m)
{
    vrn_pickle_value value = vrn_pickle_container(&m->context, m->op->kind);
    push(m, &value);
}

static void op_frozen_set(machine *m)
{
    op_pop_mark(m);
    push(m, &constants[CONSTANT_SET]);
}

/* Adds values to the container below them on the stack; an opaque one swallows them. */
static void op_add(machine *m)
{
    const vrn_pickle_kind kind = m->op->kind;
    size_t count;
    const vrn_pickle_value *values = pop(m, &count);
    if (m->context.result != VRN_OK || !need(m, 1)) return;
    vrn_pickle_value *target = &m->stack[m->depth - 1];
    if (target->kind == VRN_PICKLE_OPAQUE) return;
    if (target->kind != kind) {
        vrn_pickle_refuse(&m->context, kind == VRN_PICKLE_DICT ? "a dictionary" : "a list", target);
    } else if (kind == VRN_PICKLE_DICT && count % 2) {
        fail(m, "a value for each key", "one too few: the file is damaged");
    } else {
        vrn_pickle_append(&m->context, target->as.container, values, count);
    }
}

/* ---- Opcodes: the memo ----------------------------------------------------------------------- */

static void put(machine *m, uint64_t index)
{
    if (m->context.result != VRN_OK || !need(m, 1)) return;
    /* Python numbers them in order, and each takes two bytes or more of the pickle. */
    if (index >= m->at) {
        fail(m, "the next index into the memo", "an index far beyond it: the file is damaged");
        return;
    }
    vrn_pickle_value *memo =
        vrn_pickle_grow(&m->context, m->memo, &m->memo_capacity, (size_t)index + 1, sizeof *memo);
    if (!memo) return;
    m->memo = memo;
    if (memo[index].kind == VRN_PICKLE_UNSET) m->memo_count++;
    memo[index] = m->stack[m->depth - 1];
}

static void op_put(machine *m)
{
    put(m, take_number(m));
}

static void op_memoize(machine *m)
{
    put(m, m->memo_count);
}

static void op_get(machine *m)
{
    uint64_t index = take_number(m);
    if (index >= m->memo_capacity || m->memo[index].kind == VRN_PICKLE_UNSET) {
        fail(m, "an index into the memo", "an index that holds nothing: the file is damaged");
    } else {
        push(m, &m->memo[index]);
    }
}

/* ---- Opcodes: names and calls ---------------------------------------------------------------- */

static void push_global(machine *m, const vrn_pickle_global *name)
{
    if (m->context.result != VRN_OK) return;
    vrn_pickle_value value = vrn_pickle_global_value(&m->context, name);
    push(m, &value);
}

static void op_global(machine *m)
{
    vrn_pickle_global global = {0};
    global.module = take_line(m, &global.module_length);
    global.name = take_line(m, &global.name_length);
    push_global(m, &global);
}

static void op_stack_global(machine *m)
{
    size_t count;
    const vrn_pickle_value *texts = pop(m, &count);
    if (!texts || count != 2) return;
    const char *const expected[] = {"a module's name", "a name"};
    for (size_t i = 0; i < count; i++) {
        if (texts[i].kind != VRN_PICKLE_TEXT)
            vrn_pickle_refuse(&m->context, expected[i], &texts[i]);
    }
    push_global(m, &(vrn_pickle_global){texts[0].as.text, texts[1].as.text, texts[0].length,
                                        texts[1].length, 0, NULL});
}

/* REDUCE and NEWOBJ: the function, its arguments; NEWOBJ_EX: keyword arguments besides. */
static void op_call(machine *m)
{
    size_t count;
    const vrn_pickle_value *function = pop(m, &count);
    if (!function) return;
    vrn_pickle_value value = vrn_pickle_call(&m->context, function, function + 1);
    push(m, &value);
}

/* The state is attributes: of an object, which keeps them; those of a state dictionary (_metadata)
 * are not needed here. */
static void op_build(machine *m)
{
    if (!need(m, 2)) return;
    m->depth--;
    const vrn_pickle_value *target = &m->stack[m->depth - 1];
    if (target->kind == VRN_PICKLE_OPAQUE && target->as.global->state) {
        *target->as.global->state = m->stack[m->depth];
    }
}

static void op_persistent(machine *m)
{
    size_t count;
    const vrn_pickle_value *id = pop(m, &count);
    if (!id) return;
    vrn_pickle_value value = vrn_pickle_persistent(&m->context, id);
    push(m, &value);
}

static void op_stop(machine *m)
{
    m->stopped = need(m, 1);
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
    while (!m.stopped && m.context.result == VRN_OK) {
        m.context.position = m.at;
        const uint8_t *byte = take(&m, 1);
        if (!byte) break;
        m.op = &opcodes[*byte];
        if (m.op->run) {
            m.op->run(&m);
        } else {
            char found[32];
            snprintf(found, sizeof found, "0x%02x", *byte);
            fail(&m, "an opcode of pickle protocol 2 to 5", found);
        }
    }
    if (m.context.result != VRN_OK || !m.stack) return m.context.result;
    pickle->value = m.stack[m.depth - 1];
    pickle->size = m.at;
    pickle->storages = m.context.storages;
    return VRN_OK;
}
