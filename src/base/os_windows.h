/* Windows' UTF-16 and the UTF-8 of everything else. Release what these give with vrn_free. */
#ifndef VRN_BASE_OS_WINDOWS_H
#define VRN_BASE_OS_WINDOWS_H

#include <wchar.h>

wchar_t *vrn_widen(const char *text);  /* NULL, and errno: no memory, or the text is not UTF-8 */
char *vrn_narrow(const wchar_t *wide); /* NULL: no memory */

#endif
