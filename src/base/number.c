#include "base/number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool vrn_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool vrn_parse_number(const char *text, size_t length, uint64_t max, uint64_t *value)
{
    uint64_t number = 0;
    for (size_t i = 0; i < length; i++) {
        if (!vrn_is_digit(text[i])) return false;
        uint64_t digit = (uint64_t)(text[i] - '0');
        if (digit > max || number > (max - digit) / 10) return false;
        number = number * 10 + digit;
    }
    *value = number;
    return length > 0;
}

typedef struct decimal {
    uint64_t digits; /* the first 19 significant digits */
    int exponent;    /* value = digits * 10^exponent, bounded by the checks in read_mantissa */
} decimal;

/* Parses digits with at most one decimal point. Returns the number of bytes, or 0 if there is no
 * digit. */
static size_t read_mantissa(const char *text, size_t length, decimal *number)
{
    enum { FAR = 1000 }; /* beyond any float, far from any overflow */
    size_t i = 0, digits = 0;
    bool point = false;
    for (; i < length; i++) {
        if (text[i] == '.' && !point) {
            point = true;
            continue;
        }
        if (!vrn_is_digit(text[i])) break;
        digits++;
        if (number->digits < UINT64_C(1000000000000000000)) {
            number->digits = number->digits * 10 + (uint64_t)(text[i] - '0');
            if (point && number->exponent > -FAR) number->exponent--;
        } else if (!point && number->exponent < FAR) {
            number->exponent++;
        }
    }
    return digits ? i : 0;
}

static double scale(decimal number)
{
    double value = (double)number.digits, power = 1;
    int steps = number.exponent < 0 ? -number.exponent : number.exponent;
    /* 10^22 is the largest power of ten that a double holds exactly. Floats need few further steps,
     * and after 400 the result is 0 or infinite. */
    for (int i = 0; i < steps && i < 400; i++) {
        power *= 10;
        if (power < 1e22) continue;
        value = number.exponent < 0 ? value / power : value * power;
        power = 1;
    }
    return number.exponent < 0 ? value / power : value * power;
}

bool vrn_parse_double(const char *text, size_t length, double *value)
{
    bool negative = length > 0 && text[0] == '-';
    size_t at = negative;
    decimal number = {0};
    size_t used = read_mantissa(text + at, length - at, &number);
    if (used == 0) return false;
    at += used;
    if (at < length && (text[at] == 'e' || text[at] == 'E')) {
        at++;
        bool down = at < length && text[at] == '-';
        if (down || (at < length && text[at] == '+')) at++;
        uint64_t exponent = 0;
        if (!vrn_parse_number(text + at, length - at, 9999, &exponent)) return false;
        number.exponent += down ? -(int)exponent : (int)exponent;
        at = length;
    }
    *value = negative ? -scale(number) : scale(number);
    return at == length;
}

bool vrn_parse_real(const char *text, size_t length, float *value)
{
    double result;
    /* The decimal text of FLT_MAX is slightly larger than FLT_MAX itself; values up to half a step
     * above round to it. */
    if (!vrn_parse_double(text, length, &result) ||
        fabs(result) >= FLT_MAX * (1 + FLT_EPSILON / 4.0)) {
        return false;
    }
    *value = (float)fmax(-(double)FLT_MAX, fmin(result, FLT_MAX));
    return true;
}

/* Writes 0.000ddd, dd.ddd or d.dde-07 from "ddd" and the exponent of its first digit. */
static void write_decimal(char *text, bool negative, const char *digits, int count, int exponent)
{
    const char *sign = negative ? "-" : "";
    if (exponent < -4 || exponent > 8) {
        snprintf(text, VRN_REAL_MAX, "%s%c%s%se%+03d", sign, digits[0], count > 1 ? "." : "",
                 digits + 1, exponent);
    } else if (exponent < 0) {
        snprintf(text, VRN_REAL_MAX, "%s0.%.*s%s", sign, -exponent - 1, "00000", digits);
    } else if (count <= exponent + 1) {
        snprintf(text, VRN_REAL_MAX, "%s%s%.*s", sign, digits, exponent + 1 - count, "00000000");
    } else {
        snprintf(text, VRN_REAL_MAX, "%s%.*s.%s", sign, exponent + 1, digits,
                 digits + exponent + 1);
    }
}

void vrn_format_real(float value, char text[VRN_REAL_MAX])
{
    if (!isfinite(value)) {
        snprintf(text, VRN_REAL_MAX, "%g", (double)value);
        return;
    }
    for (int precision = 0; precision < 9; precision++) {
        char scientific[48], digits[16];
        snprintf(scientific, sizeof scientific, "%.*e", precision, (double)value);
        /* Take only the digits: the locale decides what separates them. */
        int count = 0;
        const char *c = scientific;
        for (; *c != 'e'; c++) {
            if (vrn_is_digit(*c)) digits[count++] = *c;
        }
        while (count > 1 && digits[count - 1] == '0') count--;
        digits[count] = 0;
        uint64_t exponent = 0;
        vrn_parse_number(c + 2, strlen(c + 2), 99, &exponent);
        int signed_exponent = c[1] == '-' ? -(int)exponent : (int)exponent;
        write_decimal(text, scientific[0] == '-', digits, count, signed_exponent);
        float back = 0;
        if (vrn_parse_real(text, strlen(text), &back) && back == value) return;
    }
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double vrn_median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare_doubles);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}
