#include "gpu/freeze.h"

#include <string.h>

#include "base/alloc.h"

/* SPIR-V's numbers, from the specification. */
enum {
    HEADER_WORDS = 5,
    HEADER_BOUND = 3,
    DECORATION_SPEC_ID = 1,
};

enum {
    OP_TYPE_BOOL = 20,
    OP_CONSTANT_TRUE = 41,
    OP_CONSTANT_FALSE = 42,
    OP_CONSTANT = 43,
    OP_CONSTANT_COMPOSITE = 44,
    OP_SPEC_CONSTANT_TRUE = 48,
    OP_SPEC_CONSTANT_FALSE = 49,
    OP_SPEC_CONSTANT = 50,
    OP_SPEC_CONSTANT_COMPOSITE = 51,
    OP_SPEC_CONSTANT_OP = 52,
    OP_FUNCTION = 54,
    OP_DECORATE = 71,
    OP_COMPOSITE_EXTRACT = 81,
    OP_I_ADD = 128,
    OP_I_SUB = 130,
    OP_I_MUL = 132,
    OP_U_DIV = 134,
    OP_U_MOD = 137,
    OP_LOGICAL_EQUAL = 164,
    OP_LOGICAL_NOT_EQUAL = 165,
    OP_LOGICAL_OR = 166,
    OP_LOGICAL_AND = 167,
    OP_LOGICAL_NOT = 168,
    OP_SELECT = 169,
    OP_I_EQUAL = 170,
    OP_I_NOT_EQUAL = 171,
    OP_U_GREATER_THAN = 172,
    OP_U_GREATER_THAN_EQUAL = 174,
    OP_U_LESS_THAN = 176,
    OP_U_LESS_THAN_EQUAL = 178,
    OP_SHIFT_RIGHT_LOGICAL = 194,
    OP_SHIFT_LEFT_LOGICAL = 196,
    OP_BITWISE_OR = 197,
    OP_BITWISE_XOR = 198,
    OP_BITWISE_AND = 199,
};

/* What is known of an id. */
typedef struct fact {
    bool has_spec_id, is_bool_type, is_known;
    uint32_t spec_id;
    uint32_t value;     /* of a scalar of 32 bits, or a bool */
    uint32_t composite; /* output word where a constant composite begins; 0: none */
} fact;

typedef struct freezer {
    fact *facts; /* [bound] */
    uint32_t bound;
    uint32_t *out;
    size_t length; /* words written */
    const uint32_t *ids, *values;
    uint32_t count;
} freezer;

static void put(freezer *f, uint32_t op, const uint32_t *operands, uint32_t operand_count)
{
    f->out[f->length++] = (operand_count + 1) << 16 | op;
    memcpy(f->out + f->length, operands, operand_count * sizeof *operands);
    f->length += operand_count;
}

static void put_scalar(freezer *f, uint32_t type, uint32_t id, uint32_t value)
{
    f->facts[id].is_known = true;
    f->facts[id].value = value;
    if (f->facts[type].is_bool_type) {
        put(f, value ? OP_CONSTANT_TRUE : OP_CONSTANT_FALSE, (const uint32_t[]){type, id}, 2);
    } else {
        put(f, OP_CONSTANT, (const uint32_t[]){type, id, value}, 3);
    }
}

static uint32_t specialised(const freezer *f, uint32_t id, uint32_t otherwise)
{
    for (uint32_t i = 0; i < f->count && f->facts[id].has_spec_id; i++) {
        if (f->ids[i] == f->facts[id].spec_id) return f->values[i];
    }
    return otherwise;
}

/* Evaluates a scalar operation with one to three operands. */
static bool evaluate(uint32_t op, const uint32_t v[3], uint32_t *result)
{
    const uint32_t a = v[0], b = v[1];
    switch (op) {
    case OP_I_ADD: *result = a + b; return true;
    case OP_I_SUB: *result = a - b; return true;
    case OP_I_MUL: *result = a * b; return true;
    case OP_U_DIV: *result = b ? a / b : 0; return b != 0;
    case OP_U_MOD: *result = b ? a % b : 0; return b != 0;
    case OP_LOGICAL_EQUAL:
    case OP_I_EQUAL: *result = a == b; return true;
    case OP_LOGICAL_NOT_EQUAL:
    case OP_I_NOT_EQUAL: *result = a != b; return true;
    case OP_LOGICAL_OR: *result = a || b; return true;
    case OP_LOGICAL_AND: *result = a && b; return true;
    case OP_LOGICAL_NOT: *result = !a; return true;
    case OP_SELECT: *result = a ? b : v[2]; return true;
    case OP_U_GREATER_THAN: *result = a > b; return true;
    case OP_U_GREATER_THAN_EQUAL: *result = a >= b; return true;
    case OP_U_LESS_THAN: *result = a < b; return true;
    case OP_U_LESS_THAN_EQUAL: *result = a <= b; return true;
    case OP_SHIFT_RIGHT_LOGICAL: *result = b < 32 ? a >> b : 0; return b < 32;
    case OP_SHIFT_LEFT_LOGICAL: *result = b < 32 ? a << b : 0; return b < 32;
    case OP_BITWISE_OR: *result = a | b; return true;
    case OP_BITWISE_XOR: *result = a ^ b; return true;
    case OP_BITWISE_AND: *result = a & b; return true;
    default: return false;
    }
}

/* Evaluates OpSpecConstantOp: type, id, operation, operands. False: unknown. */
static bool compute(const freezer *f, const uint32_t *words, uint32_t count, uint32_t *result)
{
    const uint32_t op = words[2];
    uint32_t v[3] = {0};
    if (op == OP_COMPOSITE_EXTRACT && count == 5 && words[3] < f->bound) {
        const uint32_t at = f->facts[words[3]].composite;
        if (!at || words[4] + 3 >= f->out[at] >> 16) return false;
        const fact *part = &f->facts[f->out[at + 3 + words[4]]];
        *result = part->value;
        return part->is_known;
    }
    if (count < 4 || count > 6) return false;
    for (uint32_t i = 3; i < count; i++) {
        if (words[i] >= f->bound || !f->facts[words[i]].is_known) return false;
        v[i - 3] = f->facts[words[i]].value;
    }
    return evaluate(op, v, result);
}

/* True if the ids of an instruction's result, and of its type, are below the bound. */
static bool has_result(const freezer *f, const uint32_t *words, uint32_t count)
{
    return count >= 2 && words[0] < f->bound && words[1] < f->bound;
}

/* Processes an instruction with `count` operands. False: the module is damaged. */
static bool freeze_instruction(freezer *f, uint32_t op, const uint32_t *words, uint32_t count)
{
    uint32_t value;
    switch (op) {
    case OP_DECORATE:
        if (count < 3 || words[1] != DECORATION_SPEC_ID) break;
        if (words[0] >= f->bound) return false;
        f->facts[words[0]].has_spec_id = true;
        f->facts[words[0]].spec_id = words[2];
        return true; /* left out */
    case OP_TYPE_BOOL:
        if (count < 1 || words[0] >= f->bound) return false;
        f->facts[words[0]].is_bool_type = true;
        break;
    case OP_CONSTANT_TRUE:
    case OP_SPEC_CONSTANT_TRUE:
    case OP_CONSTANT_FALSE:
    case OP_SPEC_CONSTANT_FALSE:
        if (!has_result(f, words, count)) return false;
        value = op == OP_CONSTANT_TRUE || op == OP_SPEC_CONSTANT_TRUE;
        put_scalar(f, words[0], words[1], specialised(f, words[1], value));
        return true;
    case OP_CONSTANT:
    case OP_SPEC_CONSTANT:
        if (!has_result(f, words, count)) return false;
        if (count != 3) break; /* 64 bits: not supported */
        put_scalar(f, words[0], words[1], specialised(f, words[1], words[2]));
        return true;
    case OP_CONSTANT_COMPOSITE:
    case OP_SPEC_CONSTANT_COMPOSITE:
        if (!has_result(f, words, count)) return false;
        for (uint32_t i = 2; i < count; i++) {
            if (words[i] >= f->bound) return false;
        }
        f->facts[words[1]].composite = (uint32_t)f->length;
        put(f, OP_CONSTANT_COMPOSITE, words, count);
        return true;
    case OP_SPEC_CONSTANT_OP:
        if (!has_result(f, words, count) || count < 3) return false;
        if (!compute(f, words, count, &value)) break;
        put_scalar(f, words[0], words[1], value);
        return true;
    }
    put(f, op, words, count);
    return true;
}

bool vrn_spirv_freeze(uint32_t **words, size_t *size, const uint32_t *module, size_t module_size,
                      const uint32_t *ids, const uint32_t *values, uint32_t count)
{
    const size_t total = module_size / sizeof *module;
    *words = NULL;
    if (total < HEADER_WORDS || module[HEADER_BOUND] > total) return false;
    freezer f = {
        .facts = vrn_alloc(module[HEADER_BOUND], sizeof *f.facts),
        .bound = module[HEADER_BOUND],
        .out = vrn_alloc(total, sizeof *f.out), /* the output is never larger */
        .ids = ids,
        .values = values,
        .count = count,
    };
    bool good = f.facts && f.out;
    if (good) memcpy(f.out, module, HEADER_WORDS * sizeof *module);
    f.length = HEADER_WORDS;
    for (size_t at = HEADER_WORDS; at < total && good;) {
        const uint32_t op = module[at] & 0xffffu, length = module[at] >> 16;
        good = length > 0 && length <= total - at;
        if (good && op == OP_FUNCTION) { /* code contains no constants */
            memcpy(f.out + f.length, module + at, (total - at) * sizeof *module);
            f.length += total - at;
            break;
        }
        if (good) good = freeze_instruction(&f, op, module + at + 1, length - 1);
        at += length;
    }
    vrn_free(f.facts);
    if (!good) {
        vrn_free(f.out);
        return false;
    }
    *words = f.out;
    *size = f.length * sizeof *f.out;
    return true;
}
