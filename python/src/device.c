#include "core.h"

#include <stdlib.h>

#include <vkresnet/diagnostics.h>

PyObject *pyvrn_device_type;

/* ---- Descriptions ---------------------------------------------------------------------------- */

static PyObject *describe(const vrn_device_info *info)
{
    return Py_BuildValue(
        "{s:I,s:N,s:N,s:i,s:I,s:I,s:I,s:I,s:y#,s:K,s:K,s:K,s:I,s:I,s:I,s:I,s:i,s:N}", "index",
        info->index, "name", pyvrn_text(info->name), "driver", pyvrn_text(info->driver), "type",
        (int)info->type, "api_version", info->api_version, "vendor_id", info->vendor_id,
        "device_id", info->device_id, "driver_version", info->driver_version, "uuid",
        (const char *)info->uuid, (Py_ssize_t)sizeof info->uuid, "memory_bytes",
        (unsigned long long)info->memory_bytes, "max_buffer_range",
        (unsigned long long)info->max_buffer_range, "max_allocation",
        (unsigned long long)info->max_allocation, "subgroup_size", info->subgroup_size,
        "shared_memory_bytes", info->shared_memory_bytes, "max_workgroup_invocations",
        info->max_workgroup_invocations, "capabilities", info->capabilities, "score", info->score,
        "reason", pyvrn_text(info->reason));
}

PyObject *pyvrn_device_list(PyObject *module, PyObject *args)
{
    enum { MOST = 64 };
    uint32_t count = 0;
    const vrn_log log = pyvrn_log();
    vrn_result result;
    (void)module, (void)args;
    if (!pyvrn_enter_vulkan()) return NULL;
    vrn_device_info *infos = calloc(MOST, sizeof *infos);
    if (!infos) return PyErr_NoMemory();
    pyvrn_begin();
    PyThreadState *const thread = PyEval_SaveThread();
    result = vrn_device_list(infos, MOST, &count, &log);
    PyEval_RestoreThread(thread);
    PyObject *list = result == VRN_OK ? PyList_New(0) : pyvrn_raise(result);
    for (uint32_t i = 0; list && i < count && i < MOST; i++) {
        PyObject *info = describe(&infos[i]);
        if (!info || PyList_Append(list, info)) Py_CLEAR(list);
        Py_XDECREF(info);
    }
    free(infos);
    return list;
}

/* ---- Life ------------------------------------------------------------------------------------ */

/* Destroys a closed device without users. A device of another process is left alone. */
static void settle(pyvrn_device *device)
{
    vrn_device *handle = device->handle;
    if (!handle || !device->closed || device->users) return;
    device->handle = NULL;
    if (device->process != pyvrn_process()) return;
    PyThreadState *const thread = PyEval_SaveThread();
    vrn_device_destroy(&handle);
    PyEval_RestoreThread(thread);
}

vrn_device *pyvrn_device_use(pyvrn_device *device)
{
    if (device->closed) {
        PyErr_SetString(PyExc_ValueError, "the device is closed");
        return NULL;
    }
    if (!pyvrn_enter_vulkan()) return NULL;
    device->users++;
    return device->handle;
}

void pyvrn_device_leave(pyvrn_device *device)
{
    device->users--;
    settle(device);
}

static PyObject *create(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"select", "cache_directory", "without", "use", "validation", NULL};
    const char *select = NULL, *cache = NULL;
    uint32_t without = 0;
    vrn_device_diagnostics diagnostics = {0};
    int validation = 0;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|zzO&O&p", names, &select, &cache,
                                     pyvrn_to_uint32, &without, pyvrn_to_uint32, &diagnostics.with,
                                     &validation) ||
        !pyvrn_enter_vulkan()) {
        return NULL;
    }
    const allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    pyvrn_device *self = (pyvrn_device *)allocate(type, 0);
    if (!self) return NULL;
    const vrn_device_params params = {
        .log = pyvrn_log(),
        .select = select,
        .without = without,
        .cache_directory = cache,
        .validation = validation != 0,
        .diagnostics = &diagnostics,
    };
    vrn_result result;
    self->process = pyvrn_process();
    pyvrn_begin();
    PyThreadState *const thread = PyEval_SaveThread();
    result = vrn_device_create(&self->handle, &params);
    PyEval_RestoreThread(thread);
    if (result == VRN_OK) return (PyObject *)self;
    Py_DECREF(self);
    return pyvrn_raise(result);
}

static void destroy(PyObject *object)
{
    pyvrn_device *self = (pyvrn_device *)object;
    PyTypeObject *type = Py_TYPE(object);
    self->closed = true;
    settle(self);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(object);
    Py_DECREF(type);
}

static PyObject *close_device(PyObject *object, PyObject *args)
{
    (void)args;
    ((pyvrn_device *)object)->closed = true;
    settle((pyvrn_device *)object);
    Py_RETURN_NONE;
}

static PyObject *is_closed(PyObject *object, PyObject *args)
{
    (void)args;
    return PyBool_FromLong(((pyvrn_device *)object)->closed);
}

static PyObject *info(PyObject *object, PyObject *args)
{
    vrn_device *handle = pyvrn_device_use((pyvrn_device *)object);
    vrn_device_info found;
    (void)args;
    if (!handle) return NULL;
    vrn_device_get_info(handle, &found);
    pyvrn_device_leave((pyvrn_device *)object);
    return describe(&found);
}

static PyObject *measure_peak(PyObject *object, PyObject *args)
{
    vrn_device *handle = pyvrn_device_use((pyvrn_device *)object);
    vrn_device_peak peak;
    vrn_result result;
    (void)args;
    if (!handle) return NULL;
    pyvrn_begin();
    PyThreadState *const thread = PyEval_SaveThread();
    result = vrn_device_measure_peak(handle, &peak);
    PyEval_RestoreThread(thread);
    pyvrn_device_leave((pyvrn_device *)object);
    if (result != VRN_OK) return pyvrn_raise(result);
    return Py_BuildValue("dd", peak.gflops, peak.gb_s);
}

static PyMethodDef methods[] = {
    {"close", close_device, METH_NOARGS, "Destroys the device when its last session has gone."},
    {"closed", is_closed, METH_NOARGS, "Whether close was called."},
    {"info", info, METH_NOARGS, "A dictionary."},
    {"measure_peak", measure_peak, METH_NOARGS, "(1e9 float operations a second, 1e9 bytes)"},
    {"selftest", (PyCFunction)(void (*)(void))pyvrn_device_selftest, METH_VARARGS | METH_KEYWORDS,
     "selftest(exclude, thorough, kernel, replays) -> (summary, entries)"},
    {"tune", (PyCFunction)(void (*)(void))pyvrn_device_tune, METH_VARARGS | METH_KEYWORDS,
     "tune(model, progress, **session)"},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_new, create},
    {Py_tp_dealloc, destroy},
    {Py_tp_methods, methods},
    {Py_tp_doc, (void *)"A Vulkan device."},
    {0, NULL},
};

static PyType_Spec spec = {"vkresnet._core.Device", sizeof(pyvrn_device), 0, Py_TPFLAGS_DEFAULT,
                           slots};

bool pyvrn_add_device(PyObject *module)
{
    pyvrn_device_type = pyvrn_make_type(module, &spec);
    return pyvrn_device_type != NULL;
}
