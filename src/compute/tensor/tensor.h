/* Shapes and layouts of activations, and moving numbers between layouts. */
#ifndef IMP_COMPUTE_TENSOR_TENSOR_H
#define IMP_COMPUTE_TENSOR_TENSOR_H

#include <stddef.h>

typedef struct ImpShape {
    int channels, height, width; /* each at least 1 */
    int images;                  /* N; 0 counts as 1, so that {C,H,W} is one image */
} ImpShape;

typedef enum ImpLayout {
    IMP_LAYOUT_PLAIN,  /* (N,C,H,W) */
    IMP_LAYOUT_BLOCKED /* (N,C/B,H,W,B), B = block; channels beyond C are 0 */
} ImpLayout;

/* Numbers with a shape. The data is somebody else's. */
typedef struct ImpTensor {
    ImpShape shape;
    ImpLayout layout;
    int block; /* B; 1 for plain tensors */
    float *data;
} ImpTensor;

/* N, at least 1. */
size_t imp_shape_images(ImpShape shape);
/* Places of one channel of one image. */
size_t imp_shape_places(ImpShape shape);
/* Real numbers in the shape, without the padding of a last block. */
size_t imp_shape_count(ImpShape shape);
/* Floats that a tensor of this kind takes in memory. */
size_t imp_tensor_floats(ImpShape shape, ImpLayout layout, int block);

/* Where pixel `i` of a side of `side` pixels comes from when the side goes on by reflection, back and forth, without
 * repeating its last pixel; always 0 for a side of 1. */
int imp_reflected(int i, int side);

/* Image `index` of a batch, as a tensor of one image that shares the numbers. */
ImpTensor imp_tensor_image(const ImpTensor *tensor, size_t index);

/* Copies to and from (N,C,H,W). */
void imp_tensor_to_plain(const ImpTensor *tensor, float *plain);
void imp_tensor_from_plain(const ImpTensor *tensor, const float *plain);

#endif
