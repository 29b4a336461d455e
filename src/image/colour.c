#include "image/colour.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/threads.h"

/* Chroma scales of NTSC, and the cosine and sine of 33 degrees. */
static const double u_scale = 0.492111, v_scale = 0.877283;
static const double cosine = 0.83867056794542402964, sine = 0.54463903501502708222;
static const double red_part = 0.299, green_part = 0.587, blue_part = 0.114;

static double luminance(double red, double green, double blue) {
    return red_part * red + green_part * green + blue_part * blue;
}

float imp_colour_luminance(float red, float green, float blue) {
    return (float)luminance((double)red, (double)green, (double)blue);
}

void imp_colour_to_yiq(const float *rgb, size_t count, float *yiq) {
    for (size_t i = 0; i < count; i++) {
        double red = (double)rgb[i], blue = (double)rgb[2 * count + i];
        double y = luminance(red, (double)rgb[count + i], blue);
        double u = u_scale * (blue - y), v = v_scale * (red - y);
        yiq[i] = (float)y;
        yiq[count + i] = (float)(v * cosine - u * sine);
        yiq[2 * count + i] = (float)(v * sine + u * cosine);
    }
}

void imp_colour_from_yiq(const float *yiq, size_t count, float *rgb) {
    for (size_t i = 0; i < count; i++) {
        double y = (double)yiq[i], in_phase = (double)yiq[count + i], quadrature = (double)yiq[2 * count + i];
        double red = y + (in_phase * cosine + quadrature * sine) / v_scale;
        double blue = y + (quadrature * cosine - in_phase * sine) / u_scale;
        rgb[i] = (float)red;
        rgb[count + i] = (float)((y - red_part * red - blue_part * blue) / green_part);
        rgb[2 * count + i] = (float)blue;
    }
}

typedef struct Planes {
    const ImpImage *content; /* for keep_piece */
    ImpImage *image;
    size_t count; /* pixels */
} Planes;

static size_t pixels_of(const ImpImage *image) {
    return (size_t)image->width * (size_t)image->height;
}

static size_t piece_end(size_t begin, size_t count) {
    return begin + IMP_PIECE < count ? begin + IMP_PIECE : count;
}

static void grey_piece(void *context, size_t piece) {
    const Planes *planes = context;
    float *rgb = planes->image->rgb;
    size_t n = planes->count, begin = piece * IMP_PIECE;
    for (size_t i = begin; i < piece_end(begin, n); i++) {
        float y = imp_colour_luminance(rgb[i], rgb[n + i], rgb[2 * n + i]);
        rgb[i] = rgb[n + i] = rgb[2 * n + i] = y;
    }
}

void imp_colour_make_grey(ImpImage *image) {
    Planes planes = {.image = image, .count = pixels_of(image)};
    imp_parallel((planes.count + IMP_PIECE - 1) / IMP_PIECE, grey_piece, &planes);
}

/* The largest share of the chrominance, up to all of it, that keeps y + share * chroma within [0,1]. */
static double share_in_gamut(double y, const double chroma[3]) {
    double share = 1;
    for (int c = 0; c < 3; c++) {
        double room = chroma[c] > 0 ? (1 - y) / chroma[c] : chroma[c] < 0 ? -y / chroma[c] : 1;
        if (room < share) share = room;
    }
    return share;
}

static void keep_piece(void *context, size_t piece) {
    const Planes *planes = context;
    float *rgb = planes->image->rgb;
    const float *from = planes->content->rgb;
    size_t n = planes->count, begin = piece * IMP_PIECE;
    for (size_t i = begin; i < piece_end(begin, n); i++) {
        double y = luminance((double)rgb[i], (double)rgb[n + i], (double)rgb[2 * n + i]);
        y = y > 0 ? (y < 1 ? y : 1) : 0;
        double content_y = luminance((double)from[i], (double)from[n + i], (double)from[2 * n + i]);
        double chroma[3];
        for (size_t c = 0; c < 3; c++) chroma[c] = (double)from[c * n + i] - content_y;
        double share = share_in_gamut(y, chroma);
        for (size_t c = 0; c < 3; c++) {
            double value = y + share * chroma[c];
            rgb[c * n + i] = (float)(value > 0 ? (value < 1 ? value : 1) : 0);
        }
    }
}

ImpStatus imp_colour_keep(const ImpImage *content, ImpImage *result, ImpError *error) {
    ImpImage *resized = NULL;
    if (content->width != result->width || content->height != result->height) {
        ImpStatus status = imp_image_resize(content, result->width, result->height, &resized, error);
        if (status != IMP_OK) return status;
        content = resized;
    }
    Planes planes = {.content = content, .image = result, .count = pixels_of(result)};
    imp_parallel((planes.count + IMP_PIECE - 1) / IMP_PIECE, keep_piece, &planes);
    imp_image_free(&resized);
    return IMP_OK;
}
