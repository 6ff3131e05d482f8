#include "core.h"

#include "pictures/pictures.h"

PyObject *pyvrn_decode(PyObject *module, PyObject *args)
{
    const char *file, *fault;
    Py_ssize_t size;
    vrn_image image;
    (void)module;
    if (!PyArg_ParseTuple(args, "y#", &file, &size)) return NULL;
    PyThreadState *const thread = PyEval_SaveThread();
    fault = pic_decode((const uint8_t *)file, (size_t)size, &image);
    PyEval_RestoreThread(thread);
    if (fault) return PyErr_Format(PyExc_ValueError, "%s", fault);
    const Py_ssize_t count = (Py_ssize_t)image.width * image.height;
    PyObject *pixels = PyBytes_FromStringAndSize(NULL, count * 3);
    if (pixels) {
        const uint8_t *from = image.pixels;
        uint8_t *to = (uint8_t *)PyBytes_AsString(pixels);
        for (Py_ssize_t i = 0; i < count; i++) {
            for (int c = 0; c < 3; c++) to[3 * i + c] = from[4 * i + c];
        }
    }
    PyObject *result = pixels ? Py_BuildValue("NII", pixels, image.height, image.width) : NULL;
    pic_free(&image);
    return result;
}
