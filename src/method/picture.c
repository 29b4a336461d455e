#include "method/picture.h"

#include "base/error.h"
#include "base/threads.h"
#include <math.h>
#include <string.h>

/* Below this, 8 bits show nothing. */
static const float least_alpha = 0.5f / 255;

ImpPixelSpace imp_pixel_space(bool bytes) {
    if (bytes) return (ImpPixelSpace){.range = 255, .mean = {123.68f, 116.779f, 103.939f}};
    return (ImpPixelSpace){.range = 1};
}

void imp_pixels_from_rgb(const ImpPixelSpace *space, const float *rgb, size_t places, float *pixels) {
    for (size_t c = 0; c < 3; c++)
        for (size_t i = c * places; i < (c + 1) * places; i++) pixels[i] = rgb[i] * space->range - space->mean[c];
}

void imp_pixels_to_rgb(const ImpPixelSpace *space, const float *pixels, size_t places, float *rgb) {
    for (size_t c = 0; c < 3; c++)
        for (size_t i = c * places; i < (c + 1) * places; i++) rgb[i] = (pixels[i] + space->mean[c]) / space->range;
}

void imp_pixels_clamp(const ImpPixelSpace *space, float *pixels, size_t places) {
    for (size_t c = 0; c < 3; c++) {
        float low = -space->mean[c], high = space->range - space->mean[c];
        for (size_t i = c * places; i < (c + 1) * places; i++)
            pixels[i] = pixels[i] < low ? low : pixels[i] > high ? high : pixels[i];
    }
}

static void fill_invisible(ImpImage *image) {
    size_t places = (size_t)image->width * (size_t)image->height;
    double sum[3] = {0}, weight = 0;
    for (size_t i = 0; i < places; i++) {
        double alpha = (double)image->alpha[i];
        weight += alpha;
        for (size_t c = 0; c < 3; c++) sum[c] += alpha * (double)image->rgb[c * places + i];
    }
    for (size_t c = 0; c < 3; c++) {
        float mean = weight > 0 ? (float)(sum[c] / weight) : 0.5f;
        for (size_t i = 0; i < places; i++)
            if (image->alpha[i] < least_alpha) image->rgb[c * places + i] = mean;
    }
}

/* Invisible colours are replaced before they can be mixed into visible ones, and after for what became invisible. */
ImpStatus imp_picture_prepare(const ImpImage *image, int width, int height, ImpImage **out, ImpError *error) {
    if (!image->alpha) return imp_image_resize(image, width, height, out, error);
    ImpImage *filled;
    *out = NULL;
    ImpStatus status = imp_image_copy(image, &filled, error);
    if (status != IMP_OK) return status;
    fill_invisible(filled);
    status = imp_image_resize(filled, width, height, out, error);
    imp_image_free(&filled);
    if (status == IMP_OK) fill_invisible(*out);
    return status;
}

/* The part of `image` from (left,top). */
static ImpStatus crop(const ImpImage *image, int left, int top, int width, int height, ImpImage **out,
                      ImpError *error) {
    ImpStatus status = imp_image_new(width, height, out, error);
    if (status == IMP_OK && image->alpha) status = imp_image_add_alpha(*out, error);
    if (status != IMP_OK) {
        imp_image_free(out);
        return status;
    }
    size_t row = (size_t)width, in_row = (size_t)image->width, in_places = in_row * (size_t)image->height;
    for (size_t plane = 0; plane < (image->alpha ? 4u : 3u); plane++) {
        const float *from = plane < 3 ? image->rgb + plane * in_places : image->alpha;
        float *to = plane < 3 ? (*out)->rgb + plane * row * (size_t)height : (*out)->alpha;
        for (size_t y = 0; y < (size_t)height; y++)
            memcpy(to + y * row, from + (y + (size_t)top) * in_row + (size_t)left, row * sizeof *to);
    }
    return IMP_OK;
}

static int part_of(int whole, double share) {
    int part = (int)lround(whole * share);
    return part < 1 ? 1 : part > whole ? whole : part;
}

ImpStatus imp_picture_cover(const ImpImage *image, int width, int height, ImpImage **out, ImpError *error) {
    double shape = (double)width / height, own = (double)image->width / image->height;
    int part_width = own > shape ? part_of(image->width, shape / own) : image->width;
    int part_height = own > shape ? image->height : part_of(image->height, own / shape);
    ImpImage *part;
    ImpStatus status = crop(image, (image->width - part_width) / 2, (image->height - part_height) / 2, part_width,
                            part_height, &part, error);
    if (status != IMP_OK) return status;
    status = imp_picture_prepare(part, width, height, out, error);
    imp_image_free(&part);
    return status;
}

/* Gives `result` the transparency of `content`. */
static ImpStatus keep_alpha(const ImpImage *content, ImpImage *result, ImpError *error) {
    if (!content->alpha) return IMP_OK;
    ImpImage *resized;
    ImpStatus status = imp_image_resize(content, result->width, result->height, &resized, error);
    if (status == IMP_OK) status = imp_image_add_alpha(result, error);
    if (status == IMP_OK)
        memcpy(result->alpha, resized->alpha, (size_t)result->width * (size_t)result->height * sizeof(float));
    imp_image_free(&resized);
    return status;
}

ImpStatus imp_picture_finish(const ImpPictureFinish *finish, const ImpPixelSpace *space, const float *pixels, int width,
                             int height, ImpImage **out, ImpError *error) {
    ImpImage *picture;
    *out = NULL;
    ImpStatus status = imp_image_new(width, height, &picture, error);
    if (status != IMP_OK) return status;
    size_t places = (size_t)width * (size_t)height;
    ImpPixelSpace unit = imp_pixel_space(false);
    imp_pixels_to_rgb(space, pixels, places, picture->rgb);
    imp_pixels_clamp(&unit, picture->rgb, places);
    if (width == finish->width && height == finish->height) {
        *out = picture;
        picture = NULL;
    } else {
        status = imp_image_resize(picture, finish->width, finish->height, out, error);
    }
    if (status == IMP_OK && finish->match_colours)
        status = imp_colour_match(*out, finish->content, finish->match_mode, error);
    if (status == IMP_OK && finish->original_colours) status = imp_colour_keep(finish->content, *out, error);
    if (status == IMP_OK) status = keep_alpha(finish->content, *out, error);
    if (status == IMP_OK) (*out)->bit_depth = finish->content->bit_depth;
    if (status != IMP_OK) imp_image_free(out);
    imp_image_free(&picture);
    return status;
}

typedef struct Resample {
    const float *in;
    float *out;
    int in_width, in_height, out_width, out_height;
} Resample;

/* Where output sample i lies among the input's: between *low and *high, this far from *low. */
static float place(int i, int out, int in, int *low, int *high) {
    float at = ((float)i + 0.5f) * (float)in / (float)out - 0.5f;
    at = at < 0 ? 0 : at > (float)(in - 1) ? (float)(in - 1) : at;
    *low = (int)at;
    *high = *low + 1 < in ? *low + 1 : *low;
    return at - (float)*low;
}

static void resample_row(void *context, size_t i) {
    const Resample *r = context;
    int plane = (int)(i / (size_t)r->out_height), y = (int)(i % (size_t)r->out_height), top, bottom;
    float down = place(y, r->out_height, r->in_height, &top, &bottom);
    const float *in = r->in + (size_t)plane * (size_t)r->in_width * (size_t)r->in_height;
    const float *above = in + (size_t)top * (size_t)r->in_width, *below = in + (size_t)bottom * (size_t)r->in_width;
    float *out = r->out + i * (size_t)r->out_width;
    for (int x = 0; x < r->out_width; x++) {
        int left, right;
        float along = place(x, r->out_width, r->in_width, &left, &right);
        float first = above[left] + along * (above[right] - above[left]);
        float second = below[left] + along * (below[right] - below[left]);
        out[x] = first + down * (second - first);
    }
}

void imp_plane_resample(const float *in, int in_width, int in_height, float *out, int out_width, int out_height) {
    Resample resample = {in, out, in_width, in_height, out_width, out_height};
    imp_parallel(3 * (size_t)out_height, resample_row, &resample);
}
