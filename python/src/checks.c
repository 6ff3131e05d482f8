/* The self-test and the tuner, which call back. */
#include "core.h"

#include <vkresnet/diagnostics.h>

/* ---- Self-test ------------------------------------------------------------------------------- */

static PyObject *describe_mismatch(const vrn_mismatch *first)
{
    if (!first->name) Py_RETURN_NONE;
    return Py_BuildValue("{s:N,s:N,s:N,s:(IIII),s:d,s:d}", "name", pyvrn_text(first->name),
                         "precision", pyvrn_text(first->precision), "outside",
                         PyBool_FromLong(first->outside), "position", first->n, first->y, first->x,
                         first->c, "expected", first->expected, "found", first->found);
}

static PyObject *describe_entry(const vrn_selftest_entry *entry)
{
    return Py_BuildValue("{s:N,s:N,s:N,s:i,s:I,s:I,s:d,s:d,s:N}", "op", pyvrn_text(entry->op),
                         "kernel", pyvrn_text(entry->kernel), "skipped", pyvrn_text(entry->skipped),
                         "result", (int)entry->result, "cases", entry->cases, "wrong", entry->wrong,
                         "worst", entry->worst, "ms", entry->ms, "first",
                         describe_mismatch(&entry->first));
}

/* Appends to a list; a failure there keeps the entry out, and is written to standard error. */
static void visit(void *user, const vrn_selftest_entry *entry)
{
    PyObject *list = user;
    const PyGILState_STATE state = PyGILState_Ensure();
    PyObject *item = describe_entry(entry);
    if (!item || PyList_Append(list, item)) PyErr_WriteUnraisable(list);
    Py_XDECREF(item);
    PyGILState_Release(state);
}

PyObject *pyvrn_device_selftest(PyObject *self, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"exclude", "thorough", "kernel", "replays", NULL};
    int exclude = 0, thorough = 0;
    vrn_selftest_params params = {0};
    vrn_selftest_summary s = {0};
    vrn_result result;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|ppzO&", names, &exclude, &thorough,
                                     &params.kernel, pyvrn_to_uint32, &params.replays)) {
        return NULL;
    }
    params.exclude = exclude != 0;
    params.thorough = thorough != 0;
    PyObject *entries = PyList_New(0);
    vrn_device *handle = entries ? pyvrn_device_use((pyvrn_device *)self) : NULL;
    if (!handle) {
        Py_XDECREF(entries);
        return NULL;
    }
    pyvrn_begin();
    PyThreadState *const thread = PyEval_SaveThread();
    result = vrn_device_selftest(handle, &params, &s, visit, entries);
    PyEval_RestoreThread(thread);
    pyvrn_device_leave((pyvrn_device *)self);
    if (result != VRN_OK && result != VRN_ERROR_WRONG_RESULTS) {
        Py_DECREF(entries);
        return pyvrn_raise(result);
    }
    return Py_BuildValue("{s:i,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:d,s:d}N", "verdict",
                         (int)s.verdict, "kernels", s.kernels, "cases", s.cases, "skipped",
                         s.skipped, "wrong", s.wrong, "avoided", s.avoided, "operators_broken",
                         s.operators_broken, "replays", s.replays, "replays_differ",
                         s.replays_differ, "fusion_error", s.fusion_error, "ms", s.ms, entries);
}

/* ---- Tuner ----------------------------------------------------------------------------------- */

/* Calls progress(done, total, text); an exception of it is written to standard error. */
static void report(void *user, uint32_t done, uint32_t total, const char *text)
{
    const PyGILState_STATE state = PyGILState_Ensure();
    PyObject *line = pyvrn_text(text);
    PyObject *result = line ? PyObject_CallFunction(user, "IIO", done, total, line) : NULL;
    if (!result) PyErr_WriteUnraisable(user);
    Py_XDECREF(result);
    Py_XDECREF(line);
    PyGILState_Release(state);
}

PyObject *pyvrn_device_tune(PyObject *self, PyObject *args, PyObject *keywords)
{
    PyObject *model, *progress;
    pyvrn_session_args session = {0};
    vrn_device *device = NULL;
    vrn_model *weights = NULL;
    vrn_result result = VRN_OK;
    if (!PyArg_ParseTuple(args, "O!O", (PyTypeObject *)pyvrn_model_type, &model, &progress) ||
        !pyvrn_session_parse(&session, keywords)) {
        goto error;
    }
    weights = pyvrn_model_use((pyvrn_model *)model);
    device = weights ? pyvrn_device_use((pyvrn_device *)self) : NULL;
    if (!device) goto error;
    void (*const call)(void *, uint32_t, uint32_t, const char *) =
        progress == Py_None ? NULL : report;
    pyvrn_begin();
    PyThreadState *const thread = PyEval_SaveThread();
    result = vrn_device_tune(device, weights, &session.params, call, progress);
    PyEval_RestoreThread(thread);
    pyvrn_device_leave((pyvrn_device *)self);
    pyvrn_model_leave((pyvrn_model *)model);
    pyvrn_session_args_free(&session);
    if (result != VRN_OK) return pyvrn_raise(result);
    Py_RETURN_NONE;

error:
    if (weights) pyvrn_model_leave((pyvrn_model *)model);
    pyvrn_session_args_free(&session);
    return NULL;
}
