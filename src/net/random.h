/* Random initial weights, with the same bits on every platform. */
#ifndef VRN_NET_RANDOM_H
#define VRN_NET_RANDOM_H

#include <stdint.h>

#include <vkresnet/vkresnet.h>

#include "net/graph.h"

/* A stream of numbers: splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
 * generators", OOPSLA 2014). */
typedef struct vrn_random {
    uint64_t state;
} vrn_random;

/* Stream number `stream` of a seed. */
vrn_random vrn_random_create(uint64_t seed, uint64_t stream);

uint64_t vrn_random_bits(vrn_random *random);

/* Uniform in (0, 1), a multiple of 2^-53: neither end is ever reached. */
double vrn_random_uniform(vrn_random *random);

/* Standard normal. */
double vrn_random_normal(vrn_random *random);

/* Fills `values` as torchvision initialises its ResNet:
 *     convolutions  normal, standard deviation sqrt(2 / fan_out), fan_out = K * kh * kw: He et al.
 *                   2015, "Delving deep into rectifiers"; kaiming_normal_(mode="fan_out")
 *     linear        weight and bias uniform in +-1 / sqrt(fan_in)
 *     norms         weight 1 (0 for the last one of a block with zero_init_residual), bias 0,
 *                   running_mean 0, running_var 1 */
void vrn_random_parameter(float *values, const vrn_arch *arch, const vrn_parameter *parameter,
                          vrn_random random);

#endif
