/* Checks of how a checkpoint is read: vrn_check. */
#include "core.h"

#include <stdlib.h>

#include <vkresnet/diagnostics.h>

static PyObject *check_type;

typedef struct check_object {
    PyObject_HEAD vrn_check *handle;
    pyvrn_device *device; /* one of its users */
    long process;
    bool busy;
} check_object;

/* ---- Descriptions ---------------------------------------------------------------------------- */

static PyObject *describe_fit(const vrn_check_fit *f)
{
    return Py_BuildValue("(dddII)", f->variance, f->mean, f->divergence, f->channels,
                         f->not_finite);
}

static PyObject *describe_reading(const vrn_check_reading *r)
{
    return Py_BuildValue("{s:N,s:N,s:N,s:N,s:N,s:I}", "name", pyvrn_text(r->name), "keys",
                         pyvrn_text(r->keys), "prepares", PyBool_FromLong(r->prepares), "transform",
                         pyvrn_from_transform(&r->transform), "fit", describe_fit(&r->fit),
                         "images", r->images);
}

static PyObject *describe_norms(const vrn_check *check)
{
    vrn_check_norm *norms = NULL;
    PyObject *list = NULL;
    uint32_t count = 0;
    vrn_result result = vrn_check_get_norms(check, NULL, 0, &count);
    if (result == VRN_OK) norms = calloc((size_t)count + 1, sizeof *norms);
    if (norms) result = vrn_check_get_norms(check, norms, count, &count);
    if (result != VRN_OK) {
        pyvrn_raise(result);
    } else if (!norms) {
        PyErr_NoMemory();
    } else {
        list = PyList_New(0);
    }
    for (uint32_t i = 0; norms && list && i < count; i++) {
        PyObject *item =
            Py_BuildValue("{s:N,s:I,s:N}", "name", pyvrn_text(norms[i].name), "channels",
                          norms[i].channels, "fit", describe_fit(&norms[i].fit));
        if (!item || PyList_Append(list, item)) Py_CLEAR(list);
        Py_XDECREF(item);
    }
    free(norms);
    return list;
}

/* ---- Life ------------------------------------------------------------------------------------ */

static void destroy(PyObject *object)
{
    check_object *self = (check_object *)object;
    PyTypeObject *type = Py_TYPE(object);
    if (self->handle && self->process == pyvrn_process()) {
        PyThreadState *const thread = PyEval_SaveThread();
        vrn_check_destroy(&self->handle);
        PyEval_RestoreThread(thread);
    }
    if (self->device) {
        pyvrn_device_leave(self->device);
        Py_DECREF(self->device);
    }
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(object);
    Py_DECREF(type);
}

/* Check(device, model, transform, height, width) */
static PyObject *create(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"device", "model", "transform", "height", "width", NULL};
    PyObject *device_object, *model_object;
    pyvrn_transform transform = {0};
    vrn_check_params params = {0};
    vrn_result result;
    if (!PyArg_ParseTupleAndKeywords(
            args, keywords, "O!O!O&O&O&", names, (PyTypeObject *)pyvrn_device_type, &device_object,
            (PyTypeObject *)pyvrn_model_type, &model_object, pyvrn_to_transform, &transform,
            pyvrn_to_uint32, &params.height, pyvrn_to_uint32, &params.width)) {
        return NULL;
    }
    params.transform = pyvrn_get_transform(&transform);
    check_object *self = (check_object *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (!self) return NULL;
    self->process = pyvrn_process();
    vrn_device *device = pyvrn_device_use((pyvrn_device *)device_object);
    if (device) {
        Py_INCREF(device_object);
        self->device = (pyvrn_device *)device_object;
    }
    vrn_model *model = device ? pyvrn_model_use((pyvrn_model *)model_object) : NULL;
    if (!model) {
        Py_DECREF(self);
        return NULL;
    }
    pyvrn_begin();
    PyThreadState *const thread = PyEval_SaveThread();
    result = vrn_check_create(&self->handle, device, model, &params);
    PyEval_RestoreThread(thread);
    pyvrn_model_leave((pyvrn_model *)model_object);
    if (result == VRN_OK) return (PyObject *)self;
    Py_DECREF(self);
    return pyvrn_raise(result);
}

static vrn_check *enter(check_object *self)
{
    if (self->busy) {
        PyErr_SetString(PyExc_RuntimeError, "another thread is using the check");
        return NULL;
    }
    if (!pyvrn_enter_vulkan()) return NULL;
    self->busy = true;
    pyvrn_begin();
    return self->handle;
}

/* ---- Work ------------------------------------------------------------------------------------ */

/* add(images): a list of arrays */
static PyObject *add(PyObject *object, PyObject *args)
{
    check_object *self = (check_object *)object;
    PyObject *list;
    vrn_result result = VRN_OK;
    if (!PyArg_ParseTuple(args, "O", &list)) return NULL;
    vrn_check *check = enter(self);
    if (!check) return NULL;
    uint32_t count = 0;
    vrn_image *images = pyvrn_images(list, &count);
    if (images) {
        const vrn_inputs inputs = {.count = count, .images = images};
        PyThreadState *const thread = PyEval_SaveThread();
        result = vrn_check_add(check, &inputs);
        PyEval_RestoreThread(thread);
        PyMem_Free(images);
    }
    self->busy = false;
    if (!images) return NULL;
    return result == VRN_OK ? pyvrn_text(NULL) : pyvrn_raise(result);
}

static void visit(void *user, const vrn_check_reading *reading)
{
    PyObject *list = user;
    const PyGILState_STATE state = PyGILState_Ensure();
    PyObject *item = describe_reading(reading);
    if (!item || PyList_Append(list, item)) PyErr_WriteUnraisable(list);
    Py_XDECREF(item);
    PyGILState_Release(state);
}

/* finish() -> (verdict, images, fit, same, best, readings, norms) */
static PyObject *finish(PyObject *object, PyObject *args)
{
    check_object *self = (check_object *)object;
    vrn_check_summary s = {0};
    (void)args;
    PyObject *readings = PyList_New(0), *norms = NULL;
    vrn_check *check = readings ? enter(self) : NULL;
    if (!check) {
        Py_XDECREF(readings);
        return NULL;
    }
    PyThreadState *const thread = PyEval_SaveThread();
    const vrn_result result = vrn_check_finish(check, &s, visit, readings);
    PyEval_RestoreThread(thread);
    norms = result == VRN_OK ? describe_norms(check) : pyvrn_raise(result);
    self->busy = false;
    if (!norms) {
        Py_DECREF(readings);
        return NULL;
    }
    return Py_BuildValue("iINNNNN", (int)s.verdict, s.images, describe_fit(&s.fit),
                         describe_fit(&s.same), describe_reading(&s.best), readings, norms);
}

static PyMethodDef methods[] = {
    {"add", add, METH_VARARGS, "add(images): a list of uint8 arrays"},
    {"finish", finish, METH_NOARGS, "(verdict, images, fit, same, best, readings, norms)"},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_new, create},
    {Py_tp_dealloc, destroy},
    {Py_tp_methods, methods},
    {Py_tp_doc, (void *)"Images run through a model, whose norms are compared."},
    {0, NULL},
};

static PyType_Spec spec = {"vkresnet._core.Check", sizeof(check_object), 0, Py_TPFLAGS_DEFAULT,
                           slots};

bool pyvrn_add_check(PyObject *module)
{
    check_type = pyvrn_make_type(module, &spec);
    return check_type != NULL;
}
