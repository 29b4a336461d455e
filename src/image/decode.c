#include "image/decode.h"

#include "base/error.h"
#include "base/memory.h"
#include "image/light.h"
#include "image/scale.h"
#include "image/vips.h"
#include <math.h>

enum { STRIP = 64 }; /* rows that are decoded at a time */

/* Where decoded rows go: straight into the picture, or through the scaler. */
typedef struct Rows {
    ImpImage *image;
    float *table;     /* (256 or 65536) sample -> [0,1], or linear light for the scaler */
    float top;        /* largest sample */
    ImpScaler scaler; /* its picture is NULL when nothing is scaled */
    float *pixels;    /* (width,4) one packed row for the scaler */
    size_t from, to;  /* pixels of a row that it looks at */
} Rows;

static void store_plain(Rows *rows, const VipsRegion *region, int bands, int top, int y) {
    ImpImage *image = rows->image;
    size_t plane = (size_t)image->width * (size_t)image->height;
    size_t at = (size_t)y * (size_t)image->width;
    const unsigned char *bytes = VIPS_REGION_ADDR(region, 0, y);
    const unsigned short *words = (const unsigned short *)(const void *)bytes;
    for (size_t x = 0; x < (size_t)image->width; x++) {
        size_t i = x * (size_t)bands;
        for (size_t c = 0; c < 3; c++)
            image->rgb[c * plane + at + x] = rows->table[top > 255 ? words[i + c] : bytes[i + c]];
        if (bands == 4) image->alpha[at + x] = (float)(top > 255 ? words[i + 3] : bytes[i + 3]) / rows->top;
    }
}

static void scale_row(Rows *rows, const VipsRegion *region, int bands, int top, int y) {
    const unsigned char *bytes = VIPS_REGION_ADDR(region, 0, y);
    const unsigned short *words = (const unsigned short *)(const void *)bytes;
    for (size_t x = rows->from; x < rows->to; x++) {
        size_t i = x * (size_t)bands;
        float *pixel = rows->pixels + 4 * x;
        float alpha = bands == 4 ? (float)(top > 255 ? words[i + 3] : bytes[i + 3]) / rows->top : 1;
        float weight = bands == 4 ? alpha + imp_scale_alpha_floor : 1;
        for (size_t c = 0; c < 3; c++) pixel[c] = weight * rows->table[top > 255 ? words[i + c] : bytes[i + c]];
        pixel[3] = alpha;
    }
    imp_scaler_feed(&rows->scaler, rows->pixels);
}

static void take_row(Rows *rows, const VipsRegion *region, int y) {
    int bands = region->im->Bands;
    int top = (int)rows->top;
    if (rows->scaler.out) {
        if (y >= rows->scaler.row && rows->scaler.next < rows->scaler.end) scale_row(rows, region, bands, top, y);
    } else
        store_plain(rows, region, bands, top, y);
}

/* One strip after the other, in this thread. The threaded sinks of libvips 8.14 race with the end of the picture: an
 * error in the last rows may go unreported. */
static int take_all_rows(Rows *rows, VipsImage *picture) {
    VipsRegion *region = vips_region_new(picture);
    int failed = region ? 0 : -1;
    for (int top = 0; top < picture->Ysize && !failed; top += STRIP) {
        int height = picture->Ysize - top < STRIP ? picture->Ysize - top : STRIP;
        VipsRect strip = {.left = 0, .top = top, .width = picture->Xsize, .height = height};
        failed = vips_region_prepare(region, &strip);
        for (int y = top; y < top + height && !failed; y++) take_row(rows, region, y);
    }
    if (region) g_object_unref(region);
    return failed;
}

/* A sample -> sRGB; gamma is that of ImpPngHints. */
static float sample_to_srgb(float value, double gamma) {
    return gamma > 0 ? imp_light_to_srgb((float)pow((double)value, 1 / gamma)) : value;
}

static ImpStatus prepare_table(Rows *rows, bool deep, bool linear, double gamma, ImpError *error) {
    size_t count = deep ? 65536 : 256;
    rows->top = deep ? 65535 : 255;
    ImpStatus status = IMP_ALLOC(&rows->table, count, "sample table", error);
    if (status != IMP_OK) return status;
    for (size_t i = 0; i < count; i++) {
        float value = sample_to_srgb((float)i / rows->top, gamma);
        rows->table[i] = linear ? imp_light_from_srgb(value) : value;
    }
    return IMP_OK;
}

/* Sets up the scaler for `picture` -> rows->image. x and y are the caller's to free, in any case. */
static ImpStatus prepare_scaler(Rows *rows, const VipsImage *picture, const ImpWindow *window, bool linear, ImpTaps *x,
                                ImpTaps *y, ImpError *error) {
    ImpImage *image = rows->image;
    ImpStatus status = imp_taps_new_part(picture->Xsize, window->step_x, window->x, image->width, x, error);
    if (status == IMP_OK)
        status = imp_taps_new_part(picture->Ysize, window->step_y, window->y, image->height, y, error);
    if (status == IMP_OK) status = imp_scaler_new(x, y, image, linear, 0, image->height, &rows->scaler, error);
    if (status == IMP_OK) status = IMP_ALLOC(&rows->pixels, 4 * (size_t)picture->Xsize, "row of pixels", error);
    if (status != IMP_OK) return status;
    int last = x->out - 1; /* supports move to the right with the sample */
    rows->from = (size_t)x->first[0];
    rows->to = (size_t)(x->first[last] + x->count[last]);
    return IMP_OK;
}

ImpStatus imp_decode_window(VipsImage *picture, const ImpWindow *window, double gamma, const char *name,
                            const char *format, ImpImage *image, ImpError *error) {
    Rows rows = {.image = image};
    ImpTaps x = {0}, y = {0};
    bool scaled =
        image->width != picture->Xsize || image->height != picture->Ysize || window->step_x != 1 || window->step_y != 1;
    bool linear = window->step_x * window->step_y > 1 + 1e-12; /* as imp_scale_is_linear */
    ImpStatus status = prepare_table(&rows, picture->BandFmt == VIPS_FORMAT_USHORT, linear, gamma, error);
    if (status == IMP_OK && scaled) status = prepare_scaler(&rows, picture, window, linear, &x, &y, error);
    if (status == IMP_OK && take_all_rows(&rows, picture) != 0)
        status = imp_vips_fail(error, IMP_ERROR_FORMAT, "get an undamaged copy of the file",
                               "%s is cut short or damaged: its %s data end in error", name, format);
    imp_free(rows.table);
    imp_free(rows.pixels);
    imp_scaler_free(&rows.scaler);
    imp_taps_free(&x);
    imp_taps_free(&y);
    return status;
}

ImpStatus imp_decode(VipsImage *picture, double gamma, const char *name, const char *format, ImpImage *image,
                     ImpError *error) {
    ImpWindow whole = {.step_x = (double)picture->Xsize / image->width,
                       .step_y = (double)picture->Ysize / image->height};
    return imp_decode_window(picture, &whole, gamma, name, format, image, error);
}
