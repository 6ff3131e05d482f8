#include "core.h"

#include <stdlib.h>
#include <string.h>

PyObject *pyvrn_model_type;

/* ---- Life ------------------------------------------------------------------------------------ */

static void settle(pyvrn_model *model)
{
    vrn_model *handle = model->handle;
    if (!handle || !model->closed || model->users) return;
    model->handle = NULL;
    PyThreadState *const thread = PyEval_SaveThread();
    vrn_model_destroy(&handle);
    PyEval_RestoreThread(thread);
}

vrn_model *pyvrn_model_use(pyvrn_model *model)
{
    if (model->closed) {
        PyErr_SetString(PyExc_ValueError, "the model is closed");
        return NULL;
    }
    model->users++;
    return model->handle;
}

void pyvrn_model_leave(pyvrn_model *model)
{
    model->users--;
    settle(model);
}

PyObject *pyvrn_model_wrap(vrn_model *model)
{
    PyTypeObject *type = (PyTypeObject *)pyvrn_model_type;
    const allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    pyvrn_model *self = (pyvrn_model *)allocate(type, 0);
    if (self) {
        self->handle = model;
    } else {
        vrn_model_destroy(&model);
    }
    return (PyObject *)self;
}

static void destroy(PyObject *object)
{
    pyvrn_model *self = (pyvrn_model *)object;
    PyTypeObject *type = Py_TYPE(object);
    self->closed = true;
    settle(self);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(object);
    Py_DECREF(type);
}

/* A checkpoint's model; without a path random weights of params->arch. */
static vrn_result make(vrn_model **model, const char *path, uint64_t seed,
                       const vrn_model_params *params)
{
    vrn_arch arch;
    if (path) return vrn_model_load(model, path, params);
    const vrn_result result = vrn_arch_parse(&arch, params->arch ? params->arch : "", &params->log);
    return result == VRN_OK ? vrn_model_create_random(model, &arch, seed, params) : result;
}

/* Model(path, seed, arch, name, transform, prefix, class_names): from a file; without a path
 * random weights of `arch`. */
static PyObject *create(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"path",      "seed",   "arch",        "name",
                            "transform", "prefix", "class_names", NULL};
    PyObject *path_object = NULL, *path_bytes = NULL, *object = NULL;
    uint64_t seed = 0;
    pyvrn_transform transform = {0};
    pyvrn_texts classes = {0};
    vrn_model_params params = {.log = pyvrn_log()};
    vrn_model *model = NULL;
    vrn_result result;
    char *path = NULL;
    (void)type;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "O|O&zzO&zO&", names, &path_object,
                                     pyvrn_to_uint64, &seed, &params.arch, &params.name,
                                     pyvrn_to_transform, &transform, &params.prefix, pyvrn_to_texts,
                                     &classes)) {
        goto done;
    }
    if (path_object != Py_None) {
        if (!PyUnicode_FSConverter(path_object, &path_bytes)) goto done;
        path = PyBytes_AsString(path_bytes);
    }
    params.transform = pyvrn_get_transform(&transform);
    params.class_names = classes.items;
    params.class_name_count = classes.count;
    pyvrn_begin();
    PyThreadState *const thread = PyEval_SaveThread();
    result = make(&model, path, seed, &params);
    PyEval_RestoreThread(thread);
    object = result == VRN_OK ? pyvrn_model_wrap(model) : pyvrn_raise(result);

done:
    pyvrn_texts_free(&classes);
    Py_XDECREF(path_bytes);
    return object;
}

static PyObject *close_model(PyObject *object, PyObject *args)
{
    (void)args;
    ((pyvrn_model *)object)->closed = true;
    settle((pyvrn_model *)object);
    Py_RETURN_NONE;
}

static PyObject *is_closed(PyObject *object, PyObject *args)
{
    (void)args;
    return PyBool_FromLong(((pyvrn_model *)object)->closed);
}

/* ---- Description ----------------------------------------------------------------------------- */

static PyObject *class_names(const vrn_model *model, const vrn_model_info *info)
{
    if (!info->has_class_names) Py_RETURN_NONE;
    PyObject *list = PyList_New(0);
    for (uint32_t i = 0; list && i < info->classes; i++) {
        PyObject *text = pyvrn_text(vrn_model_get_class_name(model, i));
        if (!text || PyList_Append(list, text)) Py_CLEAR(list);
        Py_XDECREF(text);
    }
    return list;
}

/* (text, doubtful) for each. */
static PyObject *assumptions(const vrn_model *model)
{
    PyObject *list = PyList_New(0);
    const char *text;
    bool doubtful;
    for (uint32_t i = 0; list && (text = vrn_model_get_assumption(model, i, &doubtful)); i++) {
        PyObject *item = Py_BuildValue("NN", pyvrn_text(text), PyBool_FromLong(doubtful));
        if (!item || PyList_Append(list, item)) Py_CLEAR(list);
        Py_XDECREF(item);
    }
    return list;
}

static PyObject *arch_text(const vrn_arch *arch)
{
    const size_t length = vrn_arch_format(arch, NULL, 0);
    char *text = malloc(length + 1);
    if (!text) return PyErr_NoMemory();
    vrn_arch_format(arch, text, length + 1);
    PyObject *result = pyvrn_text(text);
    free(text);
    return result;
}

static PyObject *describe(PyObject *object, PyObject *args)
{
    vrn_model *model = pyvrn_model_use((pyvrn_model *)object);
    vrn_model_info info;
    vrn_arch arch;
    (void)args;
    if (!model) return NULL;
    vrn_model_get_info(model, &info);
    vrn_model_get_arch(model, &arch);
    PyObject *result = Py_BuildValue(
        "{s:N,s:I,s:K,s:N,s:N,s:i,s:f,s:N,s:I,s:N}", "name", pyvrn_text(info.name), "classes",
        info.classes, "parameters", (unsigned long long)info.parameters, "transform",
        pyvrn_from_transform(&info.transform), "class_names", class_names(model, &info),
        "probabilities", (int)info.probabilities, "threshold", info.threshold, "arch",
        arch_text(&arch), "in_channels", arch.in_channels, "assumptions", assumptions(model));
    pyvrn_model_leave((pyvrn_model *)object);
    return result;
}

static PyObject *save(PyObject *object, PyObject *args)
{
    PyObject *path = NULL;
    pyvrn_transform transform = {0};
    vrn_model_save_params params = {.log = pyvrn_log()};
    int fp16, probabilities;
    vrn_result result;
    if (!PyArg_ParseTuple(args, "O&pO&if", PyUnicode_FSConverter, &path, &fp16, pyvrn_to_transform,
                          &transform, &probabilities, &params.threshold)) {
        return NULL;
    }
    params.fp16 = fp16 != 0;
    params.transform = pyvrn_get_transform(&transform);
    params.probabilities = (vrn_probabilities)probabilities;
    const char *file = PyBytes_AsString(path);
    vrn_model *model = pyvrn_model_use((pyvrn_model *)object);
    if (model) {
        pyvrn_begin();
        PyThreadState *const thread = PyEval_SaveThread();
        result = vrn_model_save(model, file, &params);
        PyEval_RestoreThread(thread);
        pyvrn_model_leave((pyvrn_model *)object);
        if (result != VRN_OK) pyvrn_raise(result);
    }
    Py_DECREF(path);
    return PyErr_Occurred() ? NULL : pyvrn_text(NULL);
}

static PyMethodDef methods[] = {
    {"close", close_model, METH_NOARGS, "Frees the weights when their last use is over."},
    {"closed", is_closed, METH_NOARGS, "Whether close was called."},
    {"info", describe, METH_NOARGS, "A dictionary."},
    {"save", save, METH_VARARGS, "save(path, fp16, transform, probabilities, threshold)"},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_new, create},
    {Py_tp_dealloc, destroy},
    {Py_tp_methods, methods},
    {Py_tp_doc, (void *)"Architecture and weights on the host."},
    {0, NULL},
};

static PyType_Spec spec = {"vkresnet._core.Model", sizeof(pyvrn_model), 0, Py_TPFLAGS_DEFAULT,
                           slots};

bool pyvrn_add_model(PyObject *module)
{
    pyvrn_model_type = pyvrn_make_type(module, &spec);
    return pyvrn_model_type != NULL;
}
