#include "base/bundle.h"

#include "base/error.h"
#include <string.h>

static float float_of_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t bits_of_float(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

float imp_half_to_float(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
    uint32_t exponent = (half >> 10) & 31u, fraction = half & 1023u;
    if (exponent == 31) return float_of_bits(sign | 0x7f800000u | fraction << 13);
    if (exponent != 0) return float_of_bits(sign | (exponent + 112) << 23 | fraction << 13);
    float tiny = (float)fraction * 0x1p-24f; /* subnormal: exact in float32 */
    return float_of_bits(sign | bits_of_float(tiny));
}

uint16_t imp_float_to_half(float value) {
    uint32_t bits = bits_of_float(value);
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000u);
    uint32_t magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) return (uint16_t)(sign | 0x7e00u);  /* NaN */
    if (magnitude >= 0x477ff000u) return (uint16_t)(sign | 0x7c00u); /* rounds past 65504: infinity */
    if (magnitude < 0x38800000u) {                                   /* below 2^-14: a multiple of 2^-24 */
        float scaled = float_of_bits(magnitude) * 0x1p24f;
        uint32_t whole = (uint32_t)scaled;
        float rest = scaled - (float)whole;
        if (rest > 0.5f || (rest == 0.5f && (whole & 1u))) whole++;
        return (uint16_t)(sign | whole);
    }
    uint32_t rounded = magnitude + 0xfffu + (magnitude >> 13 & 1u);
    return (uint16_t)(sign | (rounded - 0x38000000u) >> 13);
}

float imp_bfloat_to_float(uint16_t bfloat) {
    return float_of_bits((uint32_t)bfloat << 16);
}

ImpStatus imp_array_to_float(const ImpArray *array, float *out, ImpError *error) {
    switch (array->dtype) {
    case IMP_DTYPE_F32:
        if (array->count) memcpy(out, array->data, array->count * sizeof *out);
        return IMP_OK;
    case IMP_DTYPE_F64:
        for (size_t i = 0; i < array->count; i++) out[i] = (float)((const double *)array->data)[i];
        return IMP_OK;
    case IMP_DTYPE_F16:
        for (size_t i = 0; i < array->count; i++) out[i] = imp_half_to_float(((const uint16_t *)array->data)[i]);
        return IMP_OK;
    case IMP_DTYPE_BF16:
        for (size_t i = 0; i < array->count; i++) out[i] = imp_bfloat_to_float(((const uint16_t *)array->data)[i]);
        return IMP_OK;
    default:
        return imp_fail(error, IMP_ERROR_FORMAT, "the array %s holds %s values where floating-point weights are needed",
                        array->name, imp_dtype_name(array->dtype));
    }
}
