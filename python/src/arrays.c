#include "core.h"

#include <string.h>

/* The tuple of numbers under a name of the interface; -1: an exception is set. */
static int read_numbers(PyObject *tuple, int64_t *to)
{
    const Py_ssize_t count = PyTuple_Size(tuple);
    if (count < 0) return -1;
    if (count > PYVRN_MAX_DIMENSIONS) {
        PyErr_Format(PyExc_ValueError, "an array has %zd dimensions: expected at most %d", count,
                     PYVRN_MAX_DIMENSIONS);
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        to[i] = PyLong_AsLongLong(PyTuple_GetItem(tuple, i));
        if (to[i] == -1 && PyErr_Occurred()) return -1;
    }
    return (int)count;
}

static bool read_type(PyObject *interface, const char *type)
{
    PyObject *found = PyDict_GetItemString(interface, "typestr");
    if (found && PyUnicode_Check(found) && PyUnicode_CompareWithASCIIString(found, type) == 0) {
        return true;
    }
    PyErr_Format(PyExc_TypeError, "expected an array of type %s, found %S", type,
                 found ? found : Py_None);
    return false;
}

static bool read_data(PyObject *interface, pyvrn_array *array)
{
    PyObject *data = PyDict_GetItemString(interface, "data");
    if (!data || !PyTuple_Check(data) || PyTuple_Size(data) != 2) {
        PyErr_SetString(PyExc_TypeError,
                        "expected an address and a flag as 'data' of __array_interface__");
        return false;
    }
    array->data = PyLong_AsVoidPtr(PyTuple_GetItem(data, 0));
    const int read_only = PyObject_IsTrue(PyTuple_GetItem(data, 1));
    array->read_only = read_only != 0;
    return !PyErr_Occurred() && read_only >= 0;
}

static bool read_shape(PyObject *interface, int64_t item, pyvrn_array *array)
{
    int64_t shape[PYVRN_MAX_DIMENSIONS];
    PyObject *found = PyDict_GetItemString(interface, "shape");
    PyObject *strides = PyDict_GetItemString(interface, "strides");
    const int count = found ? read_numbers(found, shape) : -1;
    if (!found)
        PyErr_SetString(PyExc_TypeError, "expected a 'shape' in __array_interface__, found none");
    if (count < 0) return false;
    array->dimensions = count;
    int64_t step = item;
    for (int i = count - 1; i >= 0; i--) {
        /* no product of these overflows: the array is in memory */
        array->shape[i] = (size_t)shape[i];
        array->strides[i] = step;
        if (shape[i] <= 0 || shape[i] > INT64_MAX / step) {
            PyErr_SetString(PyExc_ValueError, "an array is empty: expected at least one element");
            return false;
        }
        step *= shape[i];
    }
    if (!strides || strides == Py_None) return true;
    const int found_count = read_numbers(strides, array->strides);
    if (found_count >= 0 && found_count != count) {
        PyErr_Format(PyExc_ValueError,
                     "strides of an array: expected %d, one for each dimension, found %d", count,
                     found_count);
    }
    return found_count == count;
}

bool pyvrn_array_get(PyObject *object, const char *type, pyvrn_array *array)
{
    *array = (pyvrn_array){0};
    PyObject *interface = PyObject_GetAttrString(object, "__array_interface__");
    if (!interface) return false;
    bool good = PyDict_Check(interface);
    if (!good)
        PyErr_Format(PyExc_TypeError, "expected a dictionary as __array_interface__, found %R",
                     interface);
    good = good && read_type(interface, type) && read_data(interface, array) &&
           read_shape(interface, type[2] - '0', array);
    Py_DECREF(interface); /* the object, which the caller holds, keeps the memory */
    return good;
}

float *pyvrn_array_floats(PyObject *object, size_t count, bool writable)
{
    pyvrn_array array;
    if (!pyvrn_array_get(object, "<f4", &array)) return NULL;
    size_t floats = 1;
    int64_t step = sizeof(float);
    for (int i = array.dimensions - 1; i >= 0; i--) {
        if (array.shape[i] > 1 && array.strides[i] != step) {
            PyErr_SetString(PyExc_ValueError,
                            "an array is not C-contiguous: copy it with numpy.ascontiguousarray");
            return NULL;
        }
        step *= (int64_t)array.shape[i];
        floats *= array.shape[i];
    }
    if (floats != count) {
        PyErr_Format(PyExc_ValueError, "expected an array of %zu float%s, found %zu", count,
                     count == 1 ? "" : "s", floats);
        return NULL;
    }
    if (writable && array.read_only) {
        PyErr_SetString(PyExc_ValueError, "an output array is read-only: expected a writable one");
        return NULL;
    }
    if ((uintptr_t)array.data % sizeof(float)) {
        PyErr_SetString(PyExc_ValueError, "an array of floats is not aligned to 4 bytes: copy it");
        return NULL;
    }
    return array.data;
}

bool pyvrn_array_image(PyObject *object, vrn_image *image)
{
    static const vrn_pixel_format formats[] = {[1] = VRN_PIXEL_GREY,
                                               [2] = VRN_PIXEL_GREY_ALPHA,
                                               [3] = VRN_PIXEL_RGB,
                                               [4] = VRN_PIXEL_RGBA};
    pyvrn_array array;
    if (!pyvrn_array_get(object, "|u1", &array)) return false;
    const size_t channels = array.dimensions == 3 ? array.shape[2] : 1;
    if ((array.dimensions != 3 && array.dimensions != 2) || channels > 4) {
        const bool shaped = array.dimensions == 2 || array.dimensions == 3;
        PyErr_Format(PyExc_ValueError,
                     "expected an image as uint8 [height, width] or [height, width, channels] with "
                     "1 to 4 channels, found %zu %s",
                     shaped ? channels : (size_t)array.dimensions,
                     shaped                  ? "channels"
                     : array.dimensions == 1 ? "dimension"
                                             : "dimensions");
        return false;
    }
    const int64_t row = (int64_t)(array.shape[1] * channels);
    if ((array.dimensions == 3 && channels > 1 && array.strides[2] != 1) ||
        (array.shape[1] > 1 && array.strides[1] != (int64_t)channels) ||
        (array.shape[0] > 1 && array.strides[0] < row)) {
        PyErr_SetString(PyExc_ValueError, "the pixels in each row of an image must be contiguous: "
                                          "copy it with numpy.ascontiguousarray");
        return false;
    }
    if (array.shape[0] > UINT32_MAX || array.shape[1] > UINT32_MAX) {
        PyErr_Format(PyExc_ValueError, "an image of %zu x %zu pixels is too large", array.shape[1],
                     array.shape[0]);
        return false;
    }
    *image = (vrn_image){
        .pixels = array.data,
        .width = (uint32_t)array.shape[1],
        .height = (uint32_t)array.shape[0],
        .stride = array.shape[0] > 1 ? (size_t)array.strides[0] : 0,
        .format = formats[channels],
    };
    return true;
}

vrn_image *pyvrn_images(PyObject *list, uint32_t *count)
{
    const Py_ssize_t length = PyList_Check(list) ? PyList_Size(list) : -1;
    if (length < 0 || (size_t)length > UINT32_MAX) {
        PyErr_SetString(PyExc_TypeError, "expected a list of images");
        return NULL;
    }
    vrn_image *images = PyMem_Calloc((size_t)length + 1, sizeof *images);
    if (!images) PyErr_NoMemory();
    for (Py_ssize_t i = 0; images && i < length; i++) {
        if (!pyvrn_array_image(PyList_GetItem(list, i), &images[i])) {
            PyMem_Free(images);
            return NULL;
        }
    }
    *count = (uint32_t)length;
    return images;
}
