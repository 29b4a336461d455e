/* The patch loss of activations that come as numbers, for patch_peer.py:
 *
 *     patch_peer IN OUT
 *
 * IN, all little-endian: 32-bit integers normalisation, C, guides G, size, stride, style stride, weighted, H, W,
 * styles, and H, W of each style; then floats: the activation (C,H,W), its guidance (G,H,W), the weights of places
 * (H,W) if weighted, and for each style the activation and the guidance. OUT: the value as a double, the gradient
 * (C,H,W) as floats. */
#include "base/memory.h"
#include "compute/kernel/kernel.h"
#include "loss/loss.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST = 8 };

typedef struct Head {
    int32_t normalisation, channels, guides, size, stride, style_stride, weighted, height, width, styles;
} Head;

static void must(int good, const char *what) {
    if (good) return;
    fprintf(stderr, "patch_peer: %s\n", what);
    exit(1);
}

static float *read_floats(FILE *file, size_t count) {
    float *numbers = imp_alloc(count + 1, sizeof *numbers);
    must(numbers && fread(numbers, sizeof *numbers, count, file) == count, "the file is too short");
    return numbers;
}

static ImpTensor read_tensor(FILE *file, int channels, int height, int width) {
    ImpTensor tensor = {.shape = {channels, height, width, 1}, .layout = IMP_LAYOUT_BLOCKED};
    tensor.block = imp_kernels()->block;
    tensor.data = imp_alloc(imp_tensor_floats(tensor.shape, tensor.layout, tensor.block), sizeof(float));
    must(tensor.data != NULL, "no memory");
    float *plain = read_floats(file, imp_shape_count(tensor.shape));
    imp_tensor_from_plain(&tensor, plain);
    imp_free(plain);
    return tensor;
}

static ImpPatchSet *read_styles(FILE *file, const Head *head, const int32_t sides[MOST][2]) {
    ImpError error;
    ImpPatchSet *set;
    must(imp_patch_set_new(head->channels, head->guides, &set, &error) == IMP_OK, "no memory");
    for (int i = 0; i < head->styles; i++) {
        ImpTensor style = read_tensor(file, head->channels, sides[i][0], sides[i][1]);
        float *guidance = read_floats(file, (size_t)(head->guides * sides[i][0] * sides[i][1]));
        must(imp_patch_set_add(set, &style, guidance, &error) == IMP_OK, "no memory");
        imp_free(guidance);
        imp_free(style.data);
    }
    return set;
}

int main(int argc, char **argv) {
    ImpError error;
    Head head;
    int32_t sides[MOST][2];
    FILE *in = fopen(argc > 2 ? argv[1] : "", "rb"), *out = fopen(argc > 2 ? argv[2] : "", "wb");
    must(in && out && fread(&head, sizeof head, 1, in) == 1 && head.styles >= 1 && head.styles <= MOST, "no case");
    must(fread(sides, sizeof *sides, (size_t)head.styles, in) == (size_t)head.styles, "no sides");
    size_t places = (size_t)(head.height * head.width);
    ImpTensor own = read_tensor(in, head.channels, head.height, head.width), gradient = own;
    float *guidance = read_floats(in, (size_t)head.guides * places);
    float *weights = head.weighted ? read_floats(in, places) : NULL;
    ImpPatchSet *set = read_styles(in, &head, (const int32_t(*)[2])sides);
    ImpPatchOptions options = {
        .size = head.size, .stride = head.stride, .style_stride = head.style_stride, .guidance = guidance};
    ImpLoss *loss;
    double value;
    must(imp_patch_loss_new(0, 1, (ImpNormalisation)head.normalisation, &set, &options, own.shape, head.channels,
                            weights, &loss, &error) == IMP_OK,
         "no loss");
    gradient.data = imp_alloc(imp_tensor_floats(own.shape, own.layout, own.block), sizeof(float));
    float *plain = imp_alloc((size_t)head.channels * places, sizeof *plain);
    must(gradient.data && plain && imp_loss_value(loss, &own, &value, &error) == IMP_OK, "no value");
    imp_loss_add_gradient(loss, &own, &gradient);
    imp_tensor_to_plain(&gradient, plain);
    must(fwrite(&value, sizeof value, 1, out) == 1, "cannot write");
    must(fwrite(plain, sizeof *plain, (size_t)head.channels * places, out) == (size_t)head.channels * places,
         "cannot write");
    must(fclose(out) == 0, "cannot write");
    fclose(in);
    imp_loss_free(&loss);
    imp_free(own.data);
    imp_free(gradient.data);
    imp_free(plain);
    imp_free(guidance);
    imp_free(weights);
    return 0;
}
