#include "core.h"

#include <stdlib.h>
#include <string.h>

#include <vkresnet/diagnostics.h>

PyObject *pyvrn_session_type;

/* ---- Parameters ------------------------------------------------------------------------------ */

bool pyvrn_session_parse(pyvrn_session_args *args, PyObject *keywords)
{
    static char *names[] = {
        "batch",     "height",    "width", "precision",     "fp32_layers",  "no_fusion",
        "in_flight", "transform", "taps",  "probabilities", "memory_limit", "submission_limit_ms",
        "kernel",    NULL};
    vrn_session_params *p = &args->params;
    int precision = 0, no_fusion = 0, probabilities = 0;
    PyObject *none = PyTuple_New(0);
    const int good =
        none &&
        PyArg_ParseTupleAndKeywords(
            none, keywords, "|$O&O&O&iO&pO&O&O&iO&dz", names, pyvrn_to_uint32, &p->batch,
            pyvrn_to_uint32, &p->height, pyvrn_to_uint32, &p->width, &precision, pyvrn_to_texts,
            &args->fp32_layers, &no_fusion, pyvrn_to_uint32, &p->in_flight, pyvrn_to_transform,
            &args->transform, pyvrn_to_texts, &args->taps, &probabilities, pyvrn_to_uint64,
            &p->memory_limit, &p->submission_limit_ms, &args->kernel);
    Py_XDECREF(none);
    p->precision = (vrn_precision)precision;
    p->no_fusion = no_fusion != 0;
    p->probabilities = (vrn_probabilities)probabilities;
    p->transform = pyvrn_get_transform(&args->transform);
    p->taps = args->taps.items;
    p->tap_count = args->taps.count;
    p->fp32_layers = args->fp32_layers.items;
    p->fp32_layer_count = args->fp32_layers.count;
    return good;
}

void pyvrn_session_args_free(pyvrn_session_args *args)
{
    pyvrn_texts_free(&args->taps);
    pyvrn_texts_free(&args->fp32_layers);
}

/* ---- Life ------------------------------------------------------------------------------------ */

/* Destroys the parts of a session; objects of another process are left alone. */
static void clear(pyvrn_session *self)
{
    vrn_session *handle = self->handle;
    self->handle = NULL;
    if (handle && self->process == pyvrn_process()) {
        PyThreadState *const thread = PyEval_SaveThread();
        vrn_session_destroy(&handle); /* from here on the library writes no output */
        PyEval_RestoreThread(thread);
    }
    Py_CLEAR(self->pending);
    pyvrn_device *device = self->device;
    self->device = NULL;
    if (device) {
        pyvrn_device_leave(device);
        Py_DECREF(device);
    }
}

static void destroy(PyObject *object)
{
    pyvrn_session *self = (pyvrn_session *)object;
    PyTypeObject *type = Py_TYPE(object);
    clear(self);
    PyMem_Free(self->tap_floats);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(object);
    Py_DECREF(type);
}

/* Notes sizes, once: they are checked in each run. */
static bool measure(pyvrn_session *self, const vrn_model *model, const vrn_session_params *params)
{
    vrn_session_info info;
    vrn_arch arch;
    vrn_session_get_info(self->handle, &info);
    vrn_model_get_arch(model, &arch);
    self->batch = info.batch;
    self->classes = info.classes;
    self->height = info.height;
    self->width = info.width;
    self->channels = arch.in_channels;
    self->in_flight = params->in_flight ? params->in_flight : 2;
    self->tap_count = params->tap_count;
    self->tap_floats = PyMem_Calloc((size_t)params->tap_count + 1, sizeof *self->tap_floats);
    self->pending = PyDict_New();
    if (!self->tap_floats || !self->pending) {
        PyErr_NoMemory();
        return false;
    }
    for (uint32_t i = 0; i < self->tap_count; i++) {
        uint32_t shape[3];
        const vrn_result result = vrn_session_get_tap_shape(self->handle, i, shape);
        if (result != VRN_OK) return pyvrn_raise(result) != NULL;
        self->tap_floats[i] = (size_t)shape[0] * shape[1] * shape[2];
    }
    return true;
}

/* Session(device, model, **parameters) */
static PyObject *create(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    PyObject *device_object, *model_object;
    pyvrn_session_args session = {0};
    vrn_device *device = NULL;
    vrn_model *model = NULL;
    pyvrn_session *self = NULL;
    vrn_result result;
    if (!PyArg_ParseTuple(args, "O!O!", (PyTypeObject *)pyvrn_device_type, &device_object,
                          (PyTypeObject *)pyvrn_model_type, &model_object) ||
        !pyvrn_session_parse(&session, keywords)) {
        goto done;
    }
    const vrn_session_diagnostics diagnostics = {.kernel = session.kernel};
    session.params.diagnostics = &diagnostics;
    device = pyvrn_device_use((pyvrn_device *)device_object);
    model = device ? pyvrn_model_use((pyvrn_model *)model_object) : NULL;
    if (!model) goto done;
    self = (pyvrn_session *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (!self) goto done;
    self->process = pyvrn_process();
    Py_INCREF(device_object);
    self->device = (pyvrn_device *)device_object; /* and one of its users, see below */
    pyvrn_begin();
    PyThreadState *const thread = PyEval_SaveThread();
    result = vrn_session_create(&self->handle, device, model, &session.params);
    PyEval_RestoreThread(thread);
    device = NULL; /* the session owns the use now */
    if (result != VRN_OK) pyvrn_raise(result);
    if (result != VRN_OK || !measure(self, model, &session.params)) Py_CLEAR(self);

done:
    if (model) pyvrn_model_leave((pyvrn_model *)model_object);
    if (device) pyvrn_device_leave((pyvrn_device *)device_object);
    pyvrn_session_args_free(&session);
    return (PyObject *)self;
}

vrn_session *pyvrn_session_enter(pyvrn_session *session)
{
    if (!session->handle) {
        PyErr_SetString(PyExc_ValueError, "the session is closed");
    } else if (session->busy) {
        PyErr_SetString(PyExc_RuntimeError, "another thread is using the session");
    } else if (pyvrn_enter_vulkan()) {
        session->busy = true;
        pyvrn_begin();
        return session->handle;
    }
    return NULL;
}

void pyvrn_session_leave(pyvrn_session *session)
{
    session->busy = false;
}

static PyObject *close_session(PyObject *object, PyObject *args)
{
    pyvrn_session *self = (pyvrn_session *)object;
    (void)args;
    if (self->busy) {
        PyErr_SetString(PyExc_RuntimeError, "another thread is using the session");
        return NULL;
    }
    clear(self);
    Py_RETURN_NONE;
}

static PyObject *is_closed(PyObject *object, PyObject *args)
{
    (void)args;
    return PyBool_FromLong(((pyvrn_session *)object)->handle == NULL);
}

/* ---- Description ----------------------------------------------------------------------------- */

static PyObject *info(PyObject *object, PyObject *args)
{
    pyvrn_session *self = (pyvrn_session *)object;
    vrn_session *handle = pyvrn_session_enter(self);
    vrn_session_info i;
    (void)args;
    if (!handle) return NULL;
    vrn_session_get_info(handle, &i);
    pyvrn_session_leave(self);
    return Py_BuildValue(
        "{s:I,s:I,s:I,s:I,s:I,s:N,s:I,s:I,s:d,s:K,s:K,s:K,s:d}", "batch", i.batch, "height",
        i.height, "width", i.width, "channels", self->channels, "classes", i.classes, "precision",
        pyvrn_text(vrn_precision_name(i.precision)), "slice", i.slice, "dispatches", i.dispatches,
        "gflops", i.gflops, "activation_bytes", (unsigned long long)i.activation_bytes,
        "weight_bytes", (unsigned long long)i.weight_bytes, "device_bytes",
        (unsigned long long)i.device_bytes, "compile_ms", i.compile_ms);
}

static PyObject *tap_shape(PyObject *object, PyObject *args)
{
    uint32_t index = 0, shape[3];
    if (!PyArg_ParseTuple(args, "O&", pyvrn_to_uint32, &index)) return NULL;
    vrn_session *handle = pyvrn_session_enter((pyvrn_session *)object);
    if (!handle) return NULL;
    const vrn_result result = vrn_session_get_tap_shape(handle, index, shape);
    pyvrn_session_leave((pyvrn_session *)object);
    if (result != VRN_OK) return pyvrn_raise(result);
    return Py_BuildValue("III", shape[0], shape[1], shape[2]);
}

static PyObject *crop_rect(PyObject *object, PyObject *args)
{
    uint32_t width = 0, height = 0;
    vrn_rect rect;
    if (!PyArg_ParseTuple(args, "O&O&", pyvrn_to_uint32, &width, pyvrn_to_uint32, &height)) {
        return NULL;
    }
    vrn_session *handle = pyvrn_session_enter((pyvrn_session *)object);
    if (!handle) return NULL;
    const vrn_result result = vrn_session_get_crop_rect(handle, width, height, &rect);
    pyvrn_session_leave((pyvrn_session *)object);
    if (result != VRN_OK) return pyvrn_raise(result);
    return Py_BuildValue("dddd", rect.left, rect.top, rect.right, rect.bottom);
}

static PyMethodDef methods[] = {
    {"run", pyvrn_session_run, METH_VARARGS,
     "run(kind, input, count, logits, probabilities, taps, timing) -> timing or None"},
    {"submit", pyvrn_session_submit, METH_VARARGS, "submit(as run) -> ticket"},
    {"wait", pyvrn_session_wait, METH_VARARGS, "wait(ticket) -> timing or None"},
    {"layers", pyvrn_session_layers, METH_VARARGS, "layers(repeats): 0 measures nothing"},
    {"info", info, METH_NOARGS, "A dictionary."},
    {"tap_shape", tap_shape, METH_VARARGS, "(channels, height, width) of a tap"},
    {"crop_rect", crop_rect, METH_VARARGS, "crop_rect(width, height)"},
    {"close", close_session, METH_NOARGS, "Waits for what is in flight and destroys."},
    {"closed", is_closed, METH_NOARGS, "Whether close was called."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_new, create},
    {Py_tp_dealloc, destroy},
    {Py_tp_methods, methods},
    {Py_tp_doc, (void *)"A model compiled for a device."},
    {0, NULL},
};

static PyType_Spec spec = {"vkresnet._core.Session", sizeof(pyvrn_session), 0, Py_TPFLAGS_DEFAULT,
                           slots};

bool pyvrn_add_session(PyObject *module)
{
    pyvrn_session_type = pyvrn_make_type(module, &spec);
    return pyvrn_session_type != NULL;
}
