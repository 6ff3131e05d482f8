#include "core.h"

#include <stdlib.h>

#include <vkresnet/hub.h>

PyObject *pyvrn_hub_type;

typedef struct hub_object {
    PyObject_HEAD vrn_hub *handle;
} hub_object;

/* Hub(registry, cache_directory, torch_directory, address, offline) */
static PyObject *create(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"registry", "cache_directory", "torch_directory",
                            "address",  "offline",         NULL};
    vrn_hub_params params = {.log = pyvrn_log()};
    int offline = 0;
    vrn_result result;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|zzzzp", names, &params.registry,
                                     &params.cache_directory, &params.torch_directory,
                                     &params.address, &offline)) {
        return NULL;
    }
    params.offline = offline != 0;
    hub_object *self = (hub_object *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (!self) return NULL;
    pyvrn_begin();
    PyThreadState *const thread = PyEval_SaveThread();
    result = vrn_hub_create(&self->handle, &params);
    PyEval_RestoreThread(thread);
    if (result == VRN_OK) return (PyObject *)self;
    Py_DECREF(self);
    return pyvrn_raise(result);
}

static void destroy(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    vrn_hub_destroy(&((hub_object *)object)->handle);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(object);
    Py_DECREF(type);
}

static PyObject *describe(const vrn_hub_entry *e)
{
    return Py_BuildValue("{s:N,s:N,s:N,s:N,s:N,s:N,s:N,s:K,s:K,s:K,s:N,s:N,s:f,s:f,s:N}", "name",
                         pyvrn_text(e->name), "network", pyvrn_text(e->network), "weights",
                         pyvrn_text(e->weights), "is_default", PyBool_FromLong(e->is_default),
                         "file", pyvrn_text(e->file), "url", pyvrn_text(e->url), "sha256",
                         pyvrn_text(e->sha256), "min_bytes", (unsigned long long)e->min_bytes,
                         "max_bytes", (unsigned long long)e->max_bytes, "parameters",
                         (unsigned long long)e->parameters, "classes", pyvrn_text(e->classes),
                         "transform", pyvrn_from_transform(&e->transform), "acc1", e->acc1, "acc5",
                         e->acc5, "recipe", pyvrn_text(e->recipe));
}

static PyObject *entries(PyObject *object, PyObject *args)
{
    const vrn_hub *hub = ((hub_object *)object)->handle;
    const vrn_hub_entry *entry;
    PyObject *list = PyList_New(0);
    (void)args;
    for (uint32_t i = 0; list && (entry = vrn_hub_get_entry(hub, i)) != NULL; i++) {
        PyObject *item = describe(entry);
        if (!item || PyList_Append(list, item)) Py_CLEAR(list);
        Py_XDECREF(item);
    }
    return list;
}

static PyObject *find(PyObject *object, PyObject *args)
{
    const char *name;
    if (!PyArg_ParseTuple(args, "s", &name)) return NULL;
    const vrn_hub_entry *entry = vrn_hub_find(((hub_object *)object)->handle, name);
    if (!entry) Py_RETURN_NONE;
    return describe(entry);
}

/* The callback of a download; `raised`: it raised an exception. */
typedef struct watcher {
    PyObject *call;
    bool raised;
    PyObject *type, *value, *trace;
} watcher;

static bool watch(void *user, const vrn_hub_progress *progress)
{
    watcher *w = user;
    const PyGILState_STATE state = PyGILState_Ensure();
    PyObject *result =
        PyErr_CheckSignals()
            ? NULL
            : PyObject_CallFunction(w->call, "KKd", (unsigned long long)progress->done,
                                    (unsigned long long)progress->total, progress->bytes_per_s);
    w->raised = !result;
    if (w->raised) PyErr_Fetch(&w->type, &w->value, &w->trace);
    Py_XDECREF(result);
    PyGILState_Release(state);
    return w->raised;
}

/* fetch(name, progress, download) -> path or None */
static PyObject *fetch(PyObject *object, PyObject *args)
{
    const vrn_hub *hub = ((hub_object *)object)->handle;
    const char *name;
    watcher w = {0};
    int download;
    vrn_hub_file file = {0};
    vrn_result result;
    if (!PyArg_ParseTuple(args, "sOp", &name, &w.call, &download)) return NULL;
    const vrn_hub_entry *entry = vrn_hub_find(hub, name);
    if (!entry) return PyErr_Format(PyExc_KeyError, "%s", name);
    const vrn_hub_fetch_params params = {.progress = w.call == Py_None ? NULL : watch,
                                         .progress_user = &w};
    pyvrn_begin();
    PyThreadState *const thread = PyEval_SaveThread();
    result =
        download ? vrn_hub_fetch(hub, entry, &params, &file) : vrn_hub_locate(hub, entry, &file);
    PyEval_RestoreThread(thread);
    PyObject *path = NULL;
    if (w.raised) {
        PyErr_Restore(w.type, w.value, w.trace);
    } else if (result != VRN_OK) {
        pyvrn_raise(result);
    } else {
        path = file.path ? PyUnicode_DecodeFSDefault(file.path) : pyvrn_text(NULL);
    }
    vrn_hub_file_free(&file);
    return path;
}

static PyObject *can_download(PyObject *object, PyObject *args)
{
    (void)object, (void)args;
    return PyBool_FromLong(vrn_hub_can_download());
}

/* The folder of caches, or None. */
static PyObject *cache_directory(PyObject *object, PyObject *args)
{
    (void)object, (void)args;
    const size_t length = vrn_hub_get_cache_directory(NULL, 0);
    if (!length) Py_RETURN_NONE;
    char *text = malloc(length + 1);
    if (!text) return PyErr_NoMemory();
    vrn_hub_get_cache_directory(text, length + 1);
    PyObject *path = PyUnicode_DecodeFSDefault(text);
    free(text);
    return path;
}

static PyMethodDef methods[] = {
    {"entries", entries, METH_NOARGS, "Dictionaries, in the registry's order."},
    {"find", find, METH_VARARGS, "The entry with a name, or None."},
    {"fetch", fetch, METH_VARARGS, "fetch(name, progress, download) -> path or None"},
    {"can_download", can_download, METH_NOARGS | METH_STATIC, "Whether this build can."},
    {"cache_directory", cache_directory, METH_NOARGS | METH_STATIC, "The folder, or None."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_new, create},
    {Py_tp_dealloc, destroy},
    {Py_tp_methods, methods},
    {Py_tp_doc, (void *)"Weights by name."},
    {0, NULL},
};

static PyType_Spec spec = {"vkresnet._core.Hub", sizeof(hub_object), 0, Py_TPFLAGS_DEFAULT, slots};

bool pyvrn_add_hub(PyObject *module)
{
    pyvrn_hub_type = pyvrn_make_type(module, &spec);
    return pyvrn_hub_type != NULL;
}
