/* Numbers: parsing and formatting independently of the locale, and the median. */
#ifndef VRN_BASE_NUMBER_H
#define VRN_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VRN_REAL_MAX = 32 }; /* the most bytes that vrn_format_real writes, including the NUL */

bool vrn_is_digit(char c);

/* Sorts one or more values and returns the median, the mean of the two middle ones for an even
 * count. */
double vrn_median(double *values, size_t count);

/* Parses `length` bytes. False if they are not all decimal digits or the value exceeds `max`. */
bool vrn_parse_number(const char *text, size_t length, uint64_t max, uint64_t *value);

/* Parses `length` bytes such as -12.5e-3, to about 17 digits. False if they are not a number. A
 * value that is too large becomes infinite. */
bool vrn_parse_double(const char *text, size_t length, double *value);

/* The same for a float. Also false if the value is not finite as a float. */
bool vrn_parse_real(const char *text, size_t length, float *value);

/* Writes the shortest text that vrn_parse_real reads back as the same float. For values that are
 * not finite it writes "inf" or "nan", which vrn_parse_real does not read. */
void vrn_format_real(float value, char text[VRN_REAL_MAX]);

#endif
