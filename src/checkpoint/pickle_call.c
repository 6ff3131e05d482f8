#include "checkpoint/pickle_call.h"

#include "base/util.h"

enum { KEY_MAX_BYTES = 256 }; /* real ones are numbers; sorting compares them whole */

typedef vrn_pickle_value (*caller)(vrn_pickle_context *context, const vrn_pickle_value *arguments);

/* True for an opaque value, which stays opaque whatever is done with it. */
static bool is_opaque(const vrn_pickle_value *value)
{
    return value->kind == VRN_PICKLE_OPAQUE;
}

static bool read_integer(const vrn_pickle_value *value, uint64_t *integer)
{
    if (value->kind != VRN_PICKLE_INT || value->as.integer < 0) return false;
    *integer = (uint64_t)value->as.integer;
    return true;
}

/* A tuple of non-negative integers, at most VRN_MAX_RANK of them. */
static bool read_integers(const vrn_pickle_value *tuple, uint64_t *values)
{
    if (tuple->kind != VRN_PICKLE_TUPLE || tuple->length > VRN_MAX_RANK) return false;
    for (uint32_t i = 0; i < tuple->length; i++) {
        if (!read_integer(&tuple->as.items[i], &values[i])) return false;
    }
    return true;
}

/* The function that a value names, or NULL. */
static caller caller_of(const vrn_pickle_value *function);

static vrn_pickle_value refuse_pair(vrn_pickle_context *context, const vrn_pickle_value *found)
{
    static const char expected[] = "a pair of a key and a value";
    if (found->kind != VRN_PICKLE_TUPLE && found->kind != VRN_PICKLE_LIST) {
        return vrn_pickle_refuse(context, expected, found);
    }
    vrn_pickle_fail(context, expected,
                    found->kind == VRN_PICKLE_TUPLE ? "a tuple of another length"
                                                    : "a list of another length");
    return (vrn_pickle_value){.kind = VRN_PICKLE_NONE};
}

/* (), or, from Python 2, ([[key, value], ...],). */
static vrn_pickle_value call_ordered_dict(vrn_pickle_context *context,
                                          const vrn_pickle_value *arguments)
{
    vrn_pickle_value value = vrn_pickle_container(context, VRN_PICKLE_DICT);
    if (context->result != VRN_OK || arguments->length == 0) return value;
    const vrn_pickle_value *pairs = arguments->as.items;
    if (pairs->kind != VRN_PICKLE_LIST) {
        return vrn_pickle_refuse(context, "a list of OrderedDict's pairs", pairs);
    }
    for (size_t i = 0; i < pairs->as.container->count; i++) {
        const vrn_pickle_value *pair = &pairs->as.container->values[i];
        bool tuple = pair->kind == VRN_PICKLE_TUPLE && pair->length == 2;
        bool list = pair->kind == VRN_PICKLE_LIST && pair->as.container->count == 2;
        if (!tuple && !list) return refuse_pair(context, pair);
        vrn_pickle_append(context, value.as.container,
                          tuple ? pair->as.items : pair->as.container->values, 2);
    }
    return value;
}

/* (factory of missing values,) */
static vrn_pickle_value call_default_dict(vrn_pickle_context *context,
                                          const vrn_pickle_value *arguments)
{
    (void)arguments;
    return vrn_pickle_container(context, VRN_PICKLE_DICT);
}

/* Refuses a call with too few arguments. */
static vrn_pickle_value refuse_few(vrn_pickle_context *context, const char *expected)
{
    vrn_pickle_fail(context, expected, "fewer");
    return (vrn_pickle_value){.kind = VRN_PICKLE_NONE};
}

/* (storage, offset, size, stride[, requires_grad, hooks[, metadata]]) */
static vrn_pickle_value call_rebuild_tensor(vrn_pickle_context *context,
                                            const vrn_pickle_value *arguments)
{
    const vrn_pickle_value *items = arguments->as.items;
    if (arguments->length < 4) {
        return refuse_few(context, "at least 4 arguments of _rebuild_tensor_v2");
    }
    if (is_opaque(&items[0])) return items[0]; /* of a type that is not on the list */
    if (items[0].kind != VRN_PICKLE_STORAGE) {
        return vrn_pickle_refuse(context, "a storage", &items[0]);
    }
    vrn_pickle_tensor tensor = {.storage = items[0].as.storage, .rank = items[2].length};
    if (!read_integer(&items[1], &tensor.offset)) {
        return vrn_pickle_refuse(context, "an offset into a storage", &items[1]);
    }
    if (!read_integers(&items[2], tensor.shape)) {
        return vrn_pickle_refuse(
            context, "a shape: a tuple of at most 8 sizes, none of them negative", &items[2]);
    }
    if (!read_integers(&items[3], tensor.stride) || items[3].length != tensor.rank) {
        return vrn_pickle_refuse(
            context, "a tuple of as many strides as sizes, none of them negative", &items[3]);
    }
    vrn_pickle_tensor *copy = vrn_pickle_alloc(context, 1, sizeof *copy);
    if (copy) *copy = tensor;
    return (vrn_pickle_value){.kind = VRN_PICKLE_TENSOR, .as.tensor = copy};
}

/* (function, type, arguments, state): a subclass of Tensor. Not for functions that call others, so
 * that there is no recursion. */
static vrn_pickle_value call_rebuild_from_type(vrn_pickle_context *context,
                                               const vrn_pickle_value *arguments)
{
    const vrn_pickle_value *items = arguments->as.items;
    if (arguments->length < 3) {
        return refuse_few(context, "at least 3 arguments of _rebuild_from_type_v2");
    }
    if (is_opaque(&items[0])) return items[0];
    caller call = caller_of(&items[0]);
    if (!call || call == call_rebuild_from_type) {
        return vrn_pickle_refuse(context, "a function that rebuilds a tensor", &items[0]);
    }
    if (items[2].kind != VRN_PICKLE_TUPLE) {
        return vrn_pickle_refuse(context, "a tuple of arguments", &items[2]);
    }
    return call(context, &items[2]);
}

static vrn_pickle_value call_first_argument(vrn_pickle_context *context,
                                            const vrn_pickle_value *arguments)
{
    return arguments->length ? arguments->as.items[0] : refuse_few(context, "an argument");
}

/* The white list. Functions have `call`; storages have the size of an element. */
static const struct {
    const char *module, *name;
    caller call;
    uint32_t element_size;
    vrn_dtype dtype;
} known[] = {
    [0] = {.module = "", .name = ""},
    {"collections", "OrderedDict", .call = call_ordered_dict},
    {"collections", "defaultdict", .call = call_default_dict},
    {"torch._utils", "_rebuild_tensor", .call = call_rebuild_tensor},
    {"torch._utils", "_rebuild_tensor_v2", .call = call_rebuild_tensor},
    /* (tensor, requires_grad, hooks[, state]) */
    {"torch._utils", "_rebuild_parameter", .call = call_first_argument},
    {"torch._utils", "_rebuild_parameter_with_state", .call = call_first_argument},
    {"torch._tensor", "_rebuild_from_type_v2", .call = call_rebuild_from_type},
    {"torch", "Size", .call = call_first_argument},
    {"torch", "device", .call = call_first_argument},
    {"torch", "FloatStorage", .element_size = 4, .dtype = VRN_DTYPE_F32},
    {"torch", "HalfStorage", .element_size = 2, .dtype = VRN_DTYPE_F16},
    {"torch", "BFloat16Storage", .element_size = 2, .dtype = VRN_DTYPE_BF16},
    {"torch", "DoubleStorage", .element_size = 8, .dtype = VRN_DTYPE_F64},
    {"torch", "LongStorage", .element_size = 8, .dtype = VRN_DTYPE_I64},
    {"torch", "IntStorage", .element_size = 4, .dtype = VRN_DTYPE_OTHER},
    {"torch", "ShortStorage", .element_size = 2, .dtype = VRN_DTYPE_OTHER},
    {"torch", "CharStorage", .element_size = 1, .dtype = VRN_DTYPE_OTHER},
    {"torch", "ByteStorage", .element_size = 1, .dtype = VRN_DTYPE_OTHER},
    {"torch", "BoolStorage", .element_size = 1, .dtype = VRN_DTYPE_OTHER},
    {"torch", "ComplexFloatStorage", .element_size = 8, .dtype = VRN_DTYPE_OTHER},
    {"torch", "ComplexDoubleStorage", .element_size = 16, .dtype = VRN_DTYPE_OTHER},
    {"torch", "UntypedStorage", .element_size = 1, .dtype = VRN_DTYPE_OTHER},
    {"torch.storage", "UntypedStorage", .element_size = 1, .dtype = VRN_DTYPE_OTHER},
};

static caller caller_of(const vrn_pickle_value *function)
{
    return function->kind == VRN_PICKLE_GLOBAL ? known[function->as.global->known].call : NULL;
}

vrn_pickle_value vrn_pickle_global_value(vrn_pickle_context *context, const vrn_pickle_global *name)
{
    vrn_pickle_global *global = vrn_pickle_alloc(context, 1, sizeof *global);
    if (!global) return (vrn_pickle_value){.kind = VRN_PICKLE_NONE};
    *global = *name;
    for (uint32_t i = 1; i < VRN_COUNT(known) && !global->known; i++) {
        if (vrn_equals_text(name->module, name->module_length, known[i].module) &&
            vrn_equals_text(name->name, name->name_length, known[i].name)) {
            global->known = i;
        }
    }
    return (vrn_pickle_value){.kind = global->known ? VRN_PICKLE_GLOBAL : VRN_PICKLE_OPAQUE,
                              .as.global = global};
}

/* Makes an object of an unknown class. */
static vrn_pickle_value make_object(vrn_pickle_context *context, const vrn_pickle_value *from)
{
    struct {
        vrn_pickle_global global;
        vrn_pickle_value state;
    } *object = vrn_pickle_alloc(context, 1, sizeof *object);
    if (!object) return *from;
    object->global = *from->as.global;
    object->global.state = &object->state;
    return (vrn_pickle_value){.kind = VRN_PICKLE_OPAQUE, .as.global = &object->global};
}

vrn_pickle_value vrn_pickle_call(vrn_pickle_context *context, const vrn_pickle_value *function,
                                 const vrn_pickle_value *arguments)
{
    if (is_opaque(function)) return make_object(context, function);
    caller call = caller_of(function);
    if (!call) return vrn_pickle_refuse(context, "a function", function);
    if (arguments->kind != VRN_PICKLE_TUPLE) {
        return vrn_pickle_refuse(context, "a tuple of arguments", arguments);
    }
    return call(context, arguments);
}

/* ('storage', type, key, location, count[, None or (view key, offset, count)]) */
static vrn_pickle_value make_storage(vrn_pickle_context *context, const vrn_pickle_value *id)
{
    const vrn_pickle_value *items = id->as.items;
    if (is_opaque(&items[1])) return items[1];
    uint32_t type = items[1].kind == VRN_PICKLE_GLOBAL ? items[1].as.global->known : 0;
    if (known[type].element_size == 0)
        return vrn_pickle_refuse(context, "a storage type", &items[1]);
    if (items[2].kind != VRN_PICKLE_TEXT || items[2].length > KEY_MAX_BYTES) {
        return vrn_pickle_refuse(context, "a short string as a storage's key", &items[2]);
    }
    uint64_t count;
    if (!read_integer(&items[4], &count)) {
        return vrn_pickle_refuse(context, "a number of elements", &items[4]);
    }
    vrn_pickle_storage *storage = vrn_pickle_alloc(context, 1, sizeof *storage);
    if (!storage) return items[1];
    *storage = (vrn_pickle_storage){.next = context->storages,
                                    .key = items[2].as.text,
                                    .key_length = items[2].length,
                                    .dtype = known[type].dtype,
                                    .element_size = known[type].element_size,
                                    .count = count,
                                    .view_count = count};
    if (id->length > 5 && items[5].kind != VRN_PICKLE_NONE) {
        const vrn_pickle_value *view = items[5].as.items;
        if (items[5].kind != VRN_PICKLE_TUPLE || items[5].length != 3 ||
            view[1].kind != VRN_PICKLE_INT || view[2].kind != VRN_PICKLE_INT) {
            return vrn_pickle_refuse(context, "a view: (key, offset, count)", &items[5]);
        }
        /* A negative number becomes a huge one here and is refused. */
        storage->view_offset = (uint64_t)view[1].as.integer;
        storage->view_count = (uint64_t)view[2].as.integer;
        if (storage->view_offset > storage->count ||
            storage->view_count > storage->count - storage->view_offset) {
            vrn_pickle_fail(context, "a view inside its storage", "one that reaches outside it");
            return (vrn_pickle_value){.kind = VRN_PICKLE_NONE};
        }
    }
    context->storages = storage;
    return (vrn_pickle_value){.kind = VRN_PICKLE_STORAGE, .as.storage = storage};
}

vrn_pickle_value vrn_pickle_persistent(vrn_pickle_context *context, const vrn_pickle_value *id)
{
    const vrn_pickle_value *items = id->as.items;
    if (id->kind != VRN_PICKLE_TUPLE || id->length < 2 || items[0].kind != VRN_PICKLE_TEXT) {
        return vrn_pickle_refuse(context, "a persistent id", id);
    }
    if (vrn_equals_text(items[0].as.text, items[0].length,
                        "module")) { /* a class, with its source text */
        return is_opaque(&items[1]) ? items[1] : vrn_pickle_refuse(context, "a class", &items[1]);
    }
    if (!vrn_equals_text(items[0].as.text, items[0].length, "storage") || id->length < 5) {
        return vrn_pickle_refuse(context, "the persistent id of a storage", id);
    }
    return make_storage(context, id);
}
