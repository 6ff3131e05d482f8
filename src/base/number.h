/* Numbers in texts, whatever the locale; and in arrays. */
#ifndef VRN_BASE_NUMBER_H
#define VRN_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VRN_REAL_MAX = 32 }; /* bytes that vrn_format_real writes at most, with the NUL */

bool vrn_is_digit(char c);

/* Sorts the values, of which there is one or more; the median is the mean of both in the middle. */
double vrn_median(double *values, size_t count);

/* Reads `length` bytes that must be decimal digits alone; false if they are not or exceed `max`. */
bool vrn_parse_number(const char *text, size_t length, uint64_t max, uint64_t *value);

/* Reads `length` bytes of the form -12.5e-3, to about 17 digits; false if they are not. What is too
 * large becomes infinite. */
bool vrn_parse_double(const char *text, size_t length, double *value);

/* The same; also false if they are not a finite float. */
bool vrn_parse_real(const char *text, size_t length, float *value);

/* Writes the shortest text that vrn_parse_real reads back to the same float; "inf" or "nan", which
 * it does not read, where that is not finite. */
void vrn_format_real(float value, char text[VRN_REAL_MAX]);

#endif
