/* A session's runs: arrays to the library's inputs and outputs, which a ticket keeps alive. */
#include "core.h"

#include <stdlib.h>

#include <vkresnet/diagnostics.h>

enum { KIND_NCHW = 0, KIND_NHWC = 1, KIND_IMAGES = 2 };

/* Memory that the library writes besides the arrays, in a capsule. */
typedef struct block {
    vrn_timing timing;
    float *taps[]; /* [the session's] */
} block;

static const char block_name[] = "vkresnet._core.block";

static void free_block(PyObject *capsule)
{
    PyMem_Free(PyCapsule_GetPointer(capsule, block_name));
}

/* One run's arguments. */
typedef struct call {
    vrn_inputs inputs;
    vrn_outputs outputs;
    vrn_image *images;
    PyObject *keep; /* the tuple of the objects to which the library will write */
} call;

static void call_free(call *c)
{
    PyMem_Free(c->images);
    Py_XDECREF(c->keep);
}

static bool take_images(call *c, PyObject *list)
{
    uint32_t count = 0;
    c->images = pyvrn_images(list, &count);
    if (c->images && count != c->inputs.count) {
        PyErr_Format(PyExc_TypeError, "expected a list of %u image%s, found %u", c->inputs.count,
                     c->inputs.count == 1 ? "" : "s", count);
        return false;
    }
    c->inputs.images = c->images;
    return c->images != NULL;
}

static bool take_input(call *c, const pyvrn_session *s, int kind, PyObject *input)
{
    if (kind == KIND_IMAGES) return take_images(c, input);
    const size_t floats = (size_t)c->inputs.count * s->channels * s->height * s->width;
    const float *data = pyvrn_array_floats(input, floats, false);
    if (kind == KIND_NCHW) {
        c->inputs.nchw = data;
    } else {
        c->inputs.nhwc = data;
    }
    return data != NULL;
}

/* The place of an output of `floats`; None: the output is not wanted. */
static bool take_output(float **place, PyObject *array, size_t floats)
{
    *place = array == Py_None ? NULL : pyvrn_array_floats(array, floats, true);
    return *place || array == Py_None;
}

static bool take_outputs(call *c, const pyvrn_session *s, PyObject *logits, PyObject *probabilities,
                         PyObject *taps, bool timing)
{
    const size_t count = c->inputs.count, scores = count * s->classes;
    block *b = PyMem_Calloc(1, sizeof *b + s->tap_count * sizeof *b->taps);
    if (!b) {
        PyErr_NoMemory();
        return false;
    }
    PyObject *capsule = PyCapsule_New(b, block_name, free_block);
    if (!capsule) {
        PyMem_Free(b);
        return false;
    }
    /* The tuple's items: those that another thread puts into a list would not be kept alive. */
    PyObject *tap_arrays = taps == Py_None ? PyTuple_New(0) : PySequence_Tuple(taps);
    c->keep = tap_arrays ? Py_BuildValue("OONN", logits, probabilities, tap_arrays, capsule) : NULL;
    if (!c->keep) return false;
    if (!take_output(&c->outputs.logits, logits, scores) ||
        !take_output(&c->outputs.probabilities, probabilities, scores)) {
        return false;
    }
    const Py_ssize_t given = PyTuple_Size(tap_arrays);
    if (given != 0 && given != (Py_ssize_t)s->tap_count) {
        PyErr_SetString(PyExc_ValueError, "expected an array or None for each tap");
        return false;
    }
    for (Py_ssize_t i = 0; i < given; i++) {
        PyObject *array = PyTuple_GetItem(tap_arrays, i);
        if (!take_output(&b->taps[i], array, count * s->tap_floats[i])) return false;
    }
    c->outputs.taps = given ? b->taps : NULL;
    c->outputs.timing = timing ? &b->timing : NULL;
    return true;
}

static bool call_parse(call *c, const pyvrn_session *s, PyObject *args)
{
    int kind, timing;
    PyObject *input, *logits, *probabilities, *taps;
    if (!PyArg_ParseTuple(args, "iOO&OOOp", &kind, &input, pyvrn_to_uint32, &c->inputs.count,
                          &logits, &probabilities, &taps, &timing)) {
        return false;
    }
    if (c->inputs.count < 1 || c->inputs.count > s->batch) {
        PyErr_Format(PyExc_ValueError, "expected %s%u image%s (the session's batch), found %u",
                     s->batch > 1 ? "1 to " : "", s->batch, s->batch == 1 ? "" : "s",
                     c->inputs.count);
        return false;
    }
    return take_input(c, s, kind, input) &&
           take_outputs(c, s, logits, probabilities, taps, timing != 0);
}

/* The times of a run, or None. */
static PyObject *describe_timing(PyObject *keep, bool wanted)
{
    if (!wanted) Py_RETURN_NONE;
    const block *b = PyCapsule_GetPointer(PyTuple_GetItem(keep, 3), block_name);
    if (!b) return NULL;
    return Py_BuildValue("ddddd", b->timing.gpu_ms, b->timing.input_ms, b->timing.replay_ms,
                         b->timing.submit_ms, b->timing.output_ms);
}

PyObject *pyvrn_session_run(PyObject *self, PyObject *args)
{
    pyvrn_session *s = (pyvrn_session *)self;
    call c = {0};
    PyObject *timing = NULL;
    vrn_result result;
    vrn_session *handle = pyvrn_session_enter(s);
    if (!handle) return NULL;
    if (call_parse(&c, s, args)) {
        PyThreadState *const thread = PyEval_SaveThread();
        result = vrn_session_run(handle, &c.inputs, &c.outputs);
        PyEval_RestoreThread(thread);
        timing = result == VRN_OK ? describe_timing(c.keep, c.outputs.timing != NULL)
                                  : pyvrn_raise(result);
    }
    pyvrn_session_leave(s);
    call_free(&c);
    return timing;
}

/* Releases the outputs of submissions that were completed to make room for later ones. */
static int drop_written(pyvrn_session *s)
{
    while (PyDict_Size(s->pending) > (Py_ssize_t)s->in_flight) {
        PyObject *ticket, *keep;
        Py_ssize_t at = 0;
        if (!PyDict_Next(s->pending, &at, &ticket, &keep)) break;
        Py_INCREF(ticket);
        const int failed = PyDict_DelItem(s->pending, ticket);
        Py_DECREF(ticket);
        if (failed) return -1;
    }
    return 0;
}

/* Keeps a submission's outputs and returns its number. NULL: an exception is set, and the
 * submission has ended. */
static PyObject *keep_ticket(pyvrn_session *s, vrn_session *handle, vrn_ticket ticket,
                             PyObject *keep)
{
    PyObject *number = PyLong_FromUnsignedLongLong(ticket);
    if (number && !PyDict_SetItem(s->pending, number, keep) && !drop_written(s)) return number;
    PyThreadState *const thread = PyEval_SaveThread();
    vrn_session_wait(handle, ticket);
    PyEval_RestoreThread(thread);
    Py_XDECREF(number);
    return NULL;
}

PyObject *pyvrn_session_submit(PyObject *self, PyObject *args)
{
    pyvrn_session *s = (pyvrn_session *)self;
    call c = {0};
    PyObject *number = NULL;
    vrn_ticket ticket = 0;
    vrn_result result;
    vrn_session *handle = pyvrn_session_enter(s);
    if (!handle) return NULL;
    if (call_parse(&c, s, args)) {
        PyThreadState *const thread = PyEval_SaveThread();
        result = vrn_session_submit(handle, &c.inputs, &c.outputs, &ticket);
        PyEval_RestoreThread(thread);
        number = result == VRN_OK ? keep_ticket(s, handle, ticket, c.keep) : pyvrn_raise(result);
    }
    pyvrn_session_leave(s);
    call_free(&c);
    return number;
}

PyObject *pyvrn_session_wait(PyObject *self, PyObject *args)
{
    pyvrn_session *s = (pyvrn_session *)self;
    uint64_t ticket = 0;
    PyObject *timing = NULL;
    vrn_result result;
    if (!PyArg_ParseTuple(args, "O&", pyvrn_to_uint64, &ticket)) return NULL;
    vrn_session *handle = pyvrn_session_enter(s);
    if (!handle) return NULL;
    PyThreadState *const thread = PyEval_SaveThread();
    result = vrn_session_wait(handle, ticket);
    PyEval_RestoreThread(thread);
    PyObject *number = PyLong_FromUnsignedLongLong(ticket);
    PyObject *keep = number ? PyDict_GetItemWithError(s->pending, number) : NULL;
    Py_XINCREF(keep);
    if (keep && PyDict_DelItem(s->pending, number)) PyErr_Clear();
    pyvrn_session_leave(s);
    if (result != VRN_OK) {
        pyvrn_raise(result);
    } else if (!PyErr_Occurred()) {
        timing = describe_timing(keep, keep != NULL);
    }
    Py_XDECREF(keep);
    Py_XDECREF(number);
    return timing;
}

/* ---- Layers ---------------------------------------------------------------------------------- */

static PyObject *describe_layer(const vrn_layer *l)
{
    return Py_BuildValue(
        "{s:N,s:N,s:N,s:N,s:N,s:I,s:I,s:I,s:d,s:d,s:d,s:d,s:N,s:N,s:d}", "name",
        pyvrn_text(l->name), "op", pyvrn_text(l->op), "kernel", pyvrn_text(l->kernel), "fused",
        pyvrn_text(l->fused), "precision", pyvrn_text(l->precision), "height", l->height, "width",
        l->width, "channels", l->channels, "flops", l->flops, "bytes", l->bytes, "parameter_bytes",
        l->parameter_bytes, "gpu_ms", l->gpu_ms, "why", pyvrn_text(l->why), "rejected",
        pyvrn_text(l->rejected), "rejected_ms", l->rejected_ms);
}

PyObject *pyvrn_session_layers(PyObject *self, PyObject *args)
{
    pyvrn_session *s = (pyvrn_session *)self;
    uint32_t repeats = 0, count = 0;
    vrn_layer *layers = NULL;
    PyObject *list = NULL;
    if (!PyArg_ParseTuple(args, "O&", pyvrn_to_uint32, &repeats)) return NULL;
    vrn_session *handle = pyvrn_session_enter(s);
    if (!handle) return NULL;
    vrn_result result = vrn_session_get_layers(handle, NULL, 0, &count);
    if (result == VRN_OK) layers = PyMem_Calloc((size_t)count + 1, sizeof *layers);
    if (layers) {
        PyThreadState *const thread = PyEval_SaveThread();
        result = repeats ? vrn_session_profile(handle, repeats, layers, count, &count)
                         : vrn_session_get_layers(handle, layers, count, &count);
        PyEval_RestoreThread(thread);
    }
    pyvrn_session_leave(s);
    if (result != VRN_OK) {
        pyvrn_raise(result);
    } else if (!layers) {
        PyErr_NoMemory();
    } else {
        list = PyList_New(0);
    }
    for (uint32_t i = 0; layers && list && i < count; i++) {
        PyObject *item = describe_layer(&layers[i]);
        if (!item || PyList_Append(list, item)) Py_CLEAR(list);
        Py_XDECREF(item);
    }
    PyMem_Free(layers);
    return list;
}
