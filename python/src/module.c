#include "core.h"

#include <stdio.h>
#include <string.h>

#include <vkresnet/diagnostics.h>
#include <vkresnet/hub.h>

#ifdef _WIN32
#include <process.h>
#define getpid _getpid
#else
#include <unistd.h>
#endif

static _Thread_local char last_error[2048];
static PyObject *make_error, *write_log; /* of the package, see pyvrn_setup */
static long vulkan_process;              /* the process that used Vulkan first; 0: none */

static void take_message(void *user, vrn_log_level level, const char *text)
{
    (void)user;
    if (level == VRN_LOG_ERROR && strncmp(text, "validation: ", 12) != 0) {
        snprintf(last_error, sizeof last_error, "%s", text);
    }
    if (!Py_IsInitialized()) return; /* the interpreter is shutting down */
    const PyGILState_STATE state = PyGILState_Ensure();
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    PyObject *line = write_log ? pyvrn_text(text) : NULL;
    PyObject *result = line ? PyObject_CallFunction(write_log, "iO", (int)level, line) : NULL;
    if (!result && PyErr_Occurred()) PyErr_WriteUnraisable(write_log);
    Py_XDECREF(result);
    Py_XDECREF(line);
    PyErr_Restore(type, value, trace);
    PyGILState_Release(state);
}

vrn_log pyvrn_log(void)
{
    return (vrn_log){.message = take_message, .level = VRN_LOG_DEBUG};
}

void pyvrn_begin(void)
{
    last_error[0] = '\0';
}

PyObject *pyvrn_raise(vrn_result result)
{
    PyObject *text = pyvrn_text(last_error[0] ? last_error : vrn_result_string(result));
    PyObject *error =
        text && make_error ? PyObject_CallFunction(make_error, "iO", (int)result, text) : NULL;
    if (error) PyErr_SetObject((PyObject *)Py_TYPE(error), error);
    if (!error && !PyErr_Occurred()) PyErr_SetString(PyExc_RuntimeError, last_error);
    Py_XDECREF(error);
    Py_XDECREF(text);
    return NULL;
}

PyObject *pyvrn_setup(PyObject *module, PyObject *args)
{
    PyObject *error, *log;
    (void)module;
    if (!PyArg_ParseTuple(args, "OO", &error, &log)) return NULL;
    Py_INCREF(error);
    Py_INCREF(log);
    Py_XDECREF(make_error);
    Py_XDECREF(write_log);
    make_error = error;
    write_log = log;
    Py_RETURN_NONE;
}

/* ---- Processes ------------------------------------------------------------------------------- */

long pyvrn_process(void)
{
    return (long)getpid();
}

bool pyvrn_enter_vulkan(void)
{
    const long process = pyvrn_process();
    if (!vulkan_process) vulkan_process = process;
    if (vulkan_process == process) return true;
    snprintf(last_error, sizeof last_error,
             "process %ld used Vulkan before it forked this one, and Vulkan does not survive a "
             "fork: start processes with multiprocessing's 'spawn' method, or use vkresnet only in "
             "the children",
             vulkan_process);
    pyvrn_raise(VRN_ERROR_INVALID_ARGUMENT);
    return false;
}

/* ---- Arguments ------------------------------------------------------------------------------- */

int pyvrn_to_uint64(PyObject *object, void *place)
{
    if (object == Py_None) return 1;
    PyObject *number = PyNumber_Index(object);
    if (!number) return 0;
    const unsigned long long value = PyLong_AsUnsignedLongLong(number);
    Py_DECREF(number);
    if (PyErr_Occurred()) return 0;
    *(uint64_t *)place = value;
    return 1;
}

int pyvrn_to_uint32(PyObject *object, void *place)
{
    uint64_t value = *(uint32_t *)place;
    if (!pyvrn_to_uint64(object, &value)) return 0;
    if (value > UINT32_MAX) {
        PyErr_Format(PyExc_OverflowError, "expected a number from 0 to %u, found %R", UINT32_MAX,
                     object);
        return 0;
    }
    *(uint32_t *)place = (uint32_t)value;
    return 1;
}

int pyvrn_to_transform(PyObject *object, void *place)
{
    pyvrn_transform *to = place;
    vrn_transform t = {0};
    int interpolation, mode, channels;
    if (object == Py_None) return 1;
    if (!PyTuple_Check(object)) {
        PyErr_SetString(PyExc_TypeError, "expected a tuple as the transform");
        return 0;
    }
    if (!PyArg_ParseTuple(object, "O&O&i(fff)(fff)iO&O&if(bbb)", pyvrn_to_uint32, &t.resize,
                          pyvrn_to_uint32, &t.crop, &interpolation, &t.mean[0], &t.mean[1],
                          &t.mean[2], &t.std[0], &t.std[1], &t.std[2], &mode, pyvrn_to_uint32,
                          &t.resize_width, pyvrn_to_uint32, &t.crop_width, &channels, &t.scale,
                          &t.fill[0], &t.fill[1], &t.fill[2])) {
        return 0;
    }
    t.interpolation = (vrn_interpolation)interpolation;
    t.mode = (vrn_resize_mode)mode;
    t.channels = (vrn_channels)channels;
    *to = (pyvrn_transform){.given = true, .transform = t};
    return 1;
}

const vrn_transform *pyvrn_get_transform(const pyvrn_transform *transform)
{
    return transform->given ? &transform->transform : NULL;
}

PyObject *pyvrn_from_transform(const vrn_transform *t)
{
    return Py_BuildValue("IIi(fff)(fff)iIIif(BBB)", t->resize, t->crop, (int)t->interpolation,
                         t->mean[0], t->mean[1], t->mean[2], t->std[0], t->std[1], t->std[2],
                         (int)t->mode, t->resize_width, t->crop_width, (int)t->channels, t->scale,
                         t->fill[0], t->fill[1], t->fill[2]);
}

/* The text of item `i`, UTF-8 without a NUL, as bytes that replace the item. */
static const char *encode(PyObject *list, Py_ssize_t i)
{
    PyObject *item = PyList_GetItem(list, i);
    PyObject *encoded = item ? PyUnicode_AsUTF8String(item) : NULL;
    if (!encoded || PyList_SetItem(list, i, encoded)) return NULL; /* takes `encoded` */
    char *text;
    return PyBytes_AsStringAndSize(encoded, &text, NULL) ? NULL : text;
}

int pyvrn_to_texts(PyObject *object, void *place)
{
    pyvrn_texts *texts = place;
    if (object == Py_None) return 1;
    PyObject *list = PySequence_List(object);
    if (!list) return 0;
    const Py_ssize_t count = PyList_Size(list);
    *texts = (pyvrn_texts){.owner = list, .count = (uint32_t)count};
    if ((size_t)count > UINT32_MAX) {
        PyErr_SetString(PyExc_OverflowError, "too many strings");
        return 0;
    }
    texts->items = PyMem_Calloc((size_t)count + 1, sizeof *texts->items);
    if (!texts->items) PyErr_NoMemory();
    for (Py_ssize_t i = 0; texts->items && i < count; i++) {
        texts->items[i] = encode(list, i);
        if (!texts->items[i]) return 0;
    }
    return texts->items != NULL;
}

void pyvrn_texts_free(pyvrn_texts *texts)
{
    PyMem_Free((void *)texts->items);
    Py_XDECREF(texts->owner);
    *texts = (pyvrn_texts){0};
}

PyObject *pyvrn_text(const char *text)
{
    if (!text) Py_RETURN_NONE;
    return PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace");
}

/* ---- The module ------------------------------------------------------------------------------ */

static PyObject *preset(PyObject *module, PyObject *args)
{
    const char *name;
    vrn_transform transform;
    (void)module;
    if (!PyArg_ParseTuple(args, "s", &name)) return NULL;
    if (!vrn_transform_get_preset(name, &transform)) Py_RETURN_NONE;
    return pyvrn_from_transform(&transform);
}

/* The items of a list that ends with NULL. */
static PyObject *names(const char *(*get)(uint32_t))
{
    PyObject *list = PyList_New(0);
    const char *name;
    for (uint32_t i = 0; list && (name = get(i)) != NULL; i++) {
        PyObject *text = pyvrn_text(name);
        if (!text || PyList_Append(list, text)) Py_CLEAR(list);
        Py_XDECREF(text);
    }
    return list;
}

static PyObject *presets(PyObject *module, PyObject *args)
{
    (void)module, (void)args;
    return names(vrn_transform_preset_name);
}

static PyObject *architectures(PyObject *module, PyObject *args)
{
    (void)module, (void)args;
    return names(vrn_arch_get_known_name);
}

static PyObject *capability_names(PyObject *module, PyObject *args)
{
    PyObject *list = PyList_New(0);
    uint32_t bits;
    (void)module;
    if (!list || !PyArg_ParseTuple(args, "I", &bits)) goto error;
    for (int i = 0; i < VRN_CAPABILITY_COUNT; i++) {
        if (!(bits >> i & 1)) continue;
        PyObject *text = pyvrn_text(vrn_capability_name(UINT32_C(1) << i));
        const int failed = !text || PyList_Append(list, text);
        Py_XDECREF(text);
        if (failed) goto error;
    }
    return list;

error:
    Py_XDECREF(list);
    return NULL;
}

static PyMethodDef functions[] = {
    {"setup", pyvrn_setup, METH_VARARGS, "setup(make_error, write_log)"},
    {"devices", pyvrn_device_list, METH_NOARGS, "Dictionaries, one for each Vulkan device."},
    {"decode", pyvrn_decode, METH_VARARGS, "decode(file: bytes) -> (pixels, height, width)"},
    {"preset", preset, METH_VARARGS, "A transform as a tuple, or None."},
    {"presets", presets, METH_NOARGS, "The presets' names."},
    {"architectures", architectures, METH_NOARGS, "The known networks' names."},
    {"capability_names", capability_names, METH_VARARGS, "Of the bits of a mask."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    "vkresnet._core",
    "The C library.",
    -1,
    functions,
    NULL,
    NULL,
    NULL,
    NULL,
};

PyObject *pyvrn_make_type(PyObject *module, PyType_Spec *spec)
{
    PyObject *type = PyType_FromSpec(spec);
    const char *name = strrchr(spec->name, '.') + 1;
    if (!type) return NULL;
    Py_INCREF(type); /* for the module, which takes it only when that succeeds */
    if (PyModule_AddObject(module, name, type)) {
        Py_DECREF(type);
        Py_CLEAR(type);
    }
    return type;
}

PyMODINIT_FUNC PyInit__core(void);

PyMODINIT_FUNC PyInit__core(void)
{
    PyObject *module = PyModule_Create(&definition);
    if (!module) return NULL;
    const uint32_t version = vrn_version();
    char text[48];
    snprintf(text, sizeof text, "%u.%u.%u", version / 1000000u, version / 1000u % 1000u,
             version % 1000u);
    if (PyModule_AddStringConstant(module, "version", text) || !pyvrn_add_device(module) ||
        !pyvrn_add_model(module) || !pyvrn_add_session(module) || !pyvrn_add_hub(module) ||
        !pyvrn_add_check(module)) {
        Py_CLEAR(module);
    }
    return module;
}
