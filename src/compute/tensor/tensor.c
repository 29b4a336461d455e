#include "compute/tensor/tensor.h"

#include "base/threads.h"
#include <stdbool.h>
#include <string.h>

size_t imp_shape_images(ImpShape shape) {
    return shape.images > 0 ? (size_t)shape.images : 1;
}

size_t imp_shape_places(ImpShape shape) {
    return (size_t)shape.height * (size_t)shape.width;
}

size_t imp_shape_count(ImpShape shape) {
    return imp_shape_images(shape) * (size_t)shape.channels * imp_shape_places(shape);
}

static size_t blocks_of(const ImpTensor *tensor) {
    return ((size_t)tensor->shape.channels + (size_t)tensor->block - 1) / (size_t)tensor->block;
}

size_t imp_tensor_floats(ImpShape shape, ImpLayout layout, int block) {
    if (layout == IMP_LAYOUT_PLAIN) return imp_shape_count(shape);
    size_t b = (size_t)block;
    return imp_shape_images(shape) * (((size_t)shape.channels + b - 1) / b * b) * imp_shape_places(shape);
}

int imp_reflected(int i, int side) {
    if (side == 1) return 0;
    int period = 2 * (side - 1);
    i = (i % period + period) % period;
    return i < side ? i : period - i;
}

ImpTensor imp_tensor_image(const ImpTensor *tensor, size_t index) {
    ImpTensor image = *tensor;
    image.shape.images = 1;
    image.data += index * imp_tensor_floats(image.shape, image.layout, image.block);
    return image;
}

typedef struct Copy {
    const ImpTensor *tensor;
    float *to_plain;
    const float *from_plain;
} Copy;

/* Task: one block of one image. */
static void copy_block(void *context, size_t index) {
    const Copy *copy = context;
    const ImpTensor *tensor = copy->tensor;
    size_t b = (size_t)tensor->block, places = imp_shape_places(tensor->shape);
    size_t image = index / blocks_of(tensor), block = index % blocks_of(tensor);
    size_t first = image * (size_t)tensor->shape.channels * places;
    float *blocked = tensor->data + index * places * b;
    for (size_t lane = 0; lane < b; lane++) {
        size_t channel = block * b + lane;
        bool there = channel < (size_t)tensor->shape.channels;
        if (copy->to_plain) {
            float *plain = copy->to_plain + first + channel * places;
            for (size_t i = 0; there && i < places; i++) plain[i] = blocked[i * b + lane];
        } else {
            const float *plain = copy->from_plain + first + channel * places;
            for (size_t i = 0; i < places; i++) blocked[i * b + lane] = there ? plain[i] : 0.0f;
        }
    }
}

void imp_tensor_to_plain(const ImpTensor *tensor, float *plain) {
    if (tensor->layout == IMP_LAYOUT_PLAIN) {
        memcpy(plain, tensor->data, imp_shape_count(tensor->shape) * sizeof *plain);
        return;
    }
    imp_parallel(imp_shape_images(tensor->shape) * blocks_of(tensor), copy_block,
                 &(Copy){.tensor = tensor, .to_plain = plain});
}

void imp_tensor_from_plain(const ImpTensor *tensor, const float *plain) {
    if (tensor->layout == IMP_LAYOUT_PLAIN) {
        memcpy(tensor->data, plain, imp_shape_count(tensor->shape) * sizeof *plain);
        return;
    }
    imp_parallel(imp_shape_images(tensor->shape) * blocks_of(tensor), copy_block,
                 &(Copy){.tensor = tensor, .from_plain = plain});
}
