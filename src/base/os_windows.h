/* Converts between UTF-16, which Windows uses, and UTF-8. Release the results with vrn_free. */
#ifndef VRN_BASE_OS_WINDOWS_H
#define VRN_BASE_OS_WINDOWS_H

#include <wchar.h>

wchar_t *vrn_widen(const char *text);  /* NULL with errno: out of memory, or not UTF-8 */
char *vrn_narrow(const wchar_t *wide); /* NULL: out of memory */

#endif
