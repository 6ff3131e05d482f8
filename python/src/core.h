/* Declarations that the files of the Python extension share. The extension is an ordinary
 * application: it uses the public headers and Python's limited interface (CPython 3.10 and later).
 * It does not use NumPy's headers, and reads arrays through __array_interface__. The classes here
 * are private.
 *
 * The package's Python code checks its arguments; the extension checks again what memory safety
 * depends on: types, sizes, addresses, lifetimes, processes. */
#ifndef VKRESNET_PYTHON_CORE_H
#define VKRESNET_PYTHON_CORE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>
#include <stdint.h>

#include <vkresnet/vkresnet.h>

/* ---- Errors and messages (module.c) ---------------------------------------------------------- */

/* For the log of every call: keeps an error's line for the exception, on the thread of the call,
 * and passes every line to Python's logging. */
vrn_log pyvrn_log(void);

/* Forgets the error's line of an earlier call. */
void pyvrn_begin(void);

/* Raises the exception of a result, with the error's line. Always NULL. */
PyObject *pyvrn_raise(vrn_result result);

/* The functions of errors.py and log.py that make exceptions and log. */
PyObject *pyvrn_setup(PyObject *module, PyObject *args);

/* ---- Arguments (module.c) -------------------------------------------------------------------- */

/* Converters for "O&": numbers in range; None leaves the place unchanged unless a comment says
 * otherwise. */
int pyvrn_to_uint32(PyObject *object, void *place);
int pyvrn_to_uint64(PyObject *object, void *place);
int pyvrn_to_transform(PyObject *object, void *place); /* a pyvrn_transform */

/* A transform that may be absent. */
typedef struct pyvrn_transform {
    bool given;
    vrn_transform transform;
} pyvrn_transform;

const vrn_transform *pyvrn_get_transform(const pyvrn_transform *transform);
PyObject *pyvrn_from_transform(const vrn_transform *transform);

/* A list of texts for the library. They belong to `owner`, a tuple. */
typedef struct pyvrn_texts {
    const char **items; /* [count]; NULL: none */
    uint32_t count;
    PyObject *owner;
} pyvrn_texts;

int pyvrn_to_texts(PyObject *object, void *place); /* None: none */
void pyvrn_texts_free(pyvrn_texts *texts);

/* A text that the library returned, UTF-8 or nearly so; None for NULL. */
PyObject *pyvrn_text(const char *text);

/* ---- Arrays (arrays.c) ----------------------------------------------------------------------- */

enum { PYVRN_MAX_DIMENSIONS = 8 };

/* The content of __array_interface__. The memory belongs to the object that has it. */
typedef struct pyvrn_array {
    void *data;
    bool read_only;
    int dimensions;
    size_t shape[PYVRN_MAX_DIMENSIONS];
    int64_t strides[PYVRN_MAX_DIMENSIONS]; /* bytes */
} pyvrn_array;

/* Reads the interface; `type` is "<f4" or "|u1". False: an exception is set. */
bool pyvrn_array_get(PyObject *object, const char *type, pyvrn_array *array);

/* The floats of a C-contiguous array of exactly `count` of them; NULL: an exception is set. */
float *pyvrn_array_floats(PyObject *object, size_t count, bool writable);

/* Fills in an image from uint8 [H, W, C] or [H, W]: rows at any distance, dense pixels. */
bool pyvrn_array_image(PyObject *object, vrn_image *image);

/* The images of a list, to be freed with PyMem_Free; NULL: an exception is set. */
vrn_image *pyvrn_images(PyObject *list, uint32_t *count);

/* ---- Objects --------------------------------------------------------------------------------- */

/* Handles that several Python objects use. A closed one refuses new users and is destroyed when
 * the last one has gone. The counts change under the interpreter's lock only. */
typedef struct pyvrn_device {
    PyObject_HEAD vrn_device *handle;
    uint32_t users;
    bool closed;
    long process;
} pyvrn_device;

typedef struct pyvrn_model {
    PyObject_HEAD vrn_model *handle;
    uint32_t users;
    bool closed;
} pyvrn_model;

typedef struct pyvrn_session {
    PyObject_HEAD vrn_session *handle;
    pyvrn_device *device; /* one of its users */
    /* the outputs that the library will write, by ticket: {ticket: tuple} */
    PyObject *pending;
    uint32_t in_flight, batch, classes, channels, height, width, tap_count;
    size_t *tap_floats; /* [tap_count], of one image */
    bool busy;          /* a thread is in a call */
    long process;
} pyvrn_session;

extern PyObject *pyvrn_device_type, *pyvrn_model_type, *pyvrn_session_type, *pyvrn_hub_type;

/* A use of a handle, from before the interpreter's lock is released until it is taken again. NULL:
 * an exception is set. */
vrn_device *pyvrn_device_use(pyvrn_device *device);
void pyvrn_device_leave(pyvrn_device *device);
vrn_model *pyvrn_model_use(pyvrn_model *model);
void pyvrn_model_leave(pyvrn_model *model);
PyObject *pyvrn_model_wrap(vrn_model *model); /* takes ownership of the model, also when it fails */

/* Begins a call of a session that one thread at a time makes; NULL: an exception is set. */
vrn_session *pyvrn_session_enter(pyvrn_session *session);
void pyvrn_session_leave(pyvrn_session *session);

/* The number of this process. */
long pyvrn_process(void);

/* False, with an exception: Vulkan was used by the process that this one was forked from. Else
 * notes that this process uses Vulkan. */
bool pyvrn_enter_vulkan(void);

/* A session's parameters, as Session() and Device.tune() take them. */
typedef struct pyvrn_session_args {
    vrn_session_params params;
    pyvrn_transform transform;
    pyvrn_texts taps, fp32_layers;
    const char *kernel;
} pyvrn_session_args;

/* session.c; *args is filled from keywords. Free it even if this fails. */
bool pyvrn_session_parse(pyvrn_session_args *args, PyObject *keywords);
void pyvrn_session_args_free(pyvrn_session_args *args);

/* Functions and classes of the other files. */
PyObject *pyvrn_make_type(PyObject *module, PyType_Spec *spec);
bool pyvrn_add_device(PyObject *module);
bool pyvrn_add_model(PyObject *module);
bool pyvrn_add_session(PyObject *module);
bool pyvrn_add_hub(PyObject *module);
bool pyvrn_add_check(PyObject *module);

PyObject *pyvrn_device_list(PyObject *module, PyObject *args);
PyObject *pyvrn_device_selftest(PyObject *self, PyObject *args, PyObject *keywords);
PyObject *pyvrn_device_tune(PyObject *self, PyObject *args, PyObject *keywords);
PyObject *pyvrn_session_layers(PyObject *self, PyObject *args);
PyObject *pyvrn_session_run(PyObject *self, PyObject *args);
PyObject *pyvrn_session_submit(PyObject *self, PyObject *args);
PyObject *pyvrn_session_wait(PyObject *self, PyObject *args);
PyObject *pyvrn_decode(PyObject *module, PyObject *args);

#endif
