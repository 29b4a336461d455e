/* What the tests of pictures share. */
#ifndef IMP_TESTS_IMAGE_FIXTURE_H
#define IMP_TESTS_IMAGE_FIXTURE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "impasto/image.h"

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        ImpError ok_error = {IMP_OK, ""};                                                                              \
        ImpError *error = &ok_error;                                                                                   \
        if ((call) != IMP_OK) fail_msg("%s", ok_error.message);                                                        \
    } while (0)

/* The call must fail with this status and a message of one line that holds `part`. */
#define FAILS(wanted, part, call)                                                                                      \
    do {                                                                                                               \
        ImpError fails_error = {IMP_OK, ""};                                                                           \
        ImpError *error = &fails_error;                                                                                \
        ImpStatus fails_status = (call);                                                                               \
        if (fails_status != (wanted) || !strstr(fails_error.message, part) || strchr(fails_error.message, '\n'))       \
            fail_msg("status %s, message: %s", imp_status_name(fails_status), fails_error.message);                    \
    } while (0)

static inline size_t pixels_of(const ImpImage *image) {
    return (size_t)image->width * (size_t)image->height;
}

/* The same as picture() of golden.py. */
static inline ImpImage *golden_picture(int width, int height, int salt) {
    ImpImage *image;
    OK(imp_image_new(width, height, &image, error));
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                image->rgb[((size_t)c * (size_t)height + (size_t)y) * (size_t)width + (size_t)x] =
                    (float)((x * 37 + y * 91 + c * 53 + x * y * (11 + salt) + salt * c * x) % 256) / 255;
    return image;
}

static inline ImpImage *plain_picture(int width, int height, float red, float green, float blue) {
    ImpImage *image;
    OK(imp_image_new(width, height, &image, error));
    const float colour[3] = {red, green, blue};
    for (size_t c = 0; c < 3; c++)
        for (size_t i = 0; i < pixels_of(image); i++) image->rgb[c * pixels_of(image) + i] = colour[c];
    return image;
}

static inline double max_difference(const float *a, const float *b, size_t count) {
    double worst = 0;
    for (size_t i = 0; i < count; i++) {
        double difference = fabs((double)a[i] - (double)b[i]);
        if (!(difference <= worst)) worst = difference;
    }
    return worst;
}

static inline double image_difference(const ImpImage *a, const ImpImage *b) {
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    double worst = max_difference(a->rgb, b->rgb, 3 * pixels_of(a));
    assert_int_equal(a->alpha == NULL, b->alpha == NULL);
    if (a->alpha) worst = fmax(worst, max_difference(a->alpha, b->alpha, pixels_of(a)));
    return worst;
}

static inline void assert_golden(const ImpImage *image, const float *golden, double tolerance) {
    double worst = max_difference(image->rgb, golden, 3 * pixels_of(image));
    if (!(worst <= tolerance)) fail_msg("differs by %g", worst);
}

/* A fresh folder, made once a program and removed at its end by remove_scratch; path(name) is in it. */
static char scratch[32];

static inline int make_scratch(void **state) {
    (void)state;
    strcpy(scratch, "/tmp/impasto-image-XXXXXX");
    return mkdtemp(scratch) ? 0 : -1;
}

static inline int remove_scratch(void **state) {
    (void)state;
    char command[256];
    snprintf(command, sizeof command, "chmod -R u+w %s; rm -rf %s", scratch, scratch);
    return system(command);
}

/* Four results stay valid at a time. */
static inline const char *in_scratch(const char *name) {
    static char paths[4][256];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", scratch, name);
    return path;
}

/* A file of the shared folder, or NULL (then the test skips). */
static inline const char *in_shared(const char *name) {
    static char paths[4][1024];
    static unsigned next;
    char *path = paths[next++ % 4];
    const char *folder = getenv("IMPASTO_SHARED");
    if (!folder) return NULL;
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return access(path, R_OK) == 0 ? path : NULL;
}

#define NEEDS_SHARED(variable, name)                                                                                   \
    const char *variable = in_shared(name);                                                                            \
    if (!variable) {                                                                                                   \
        print_message("skipped: no %s\n", name);                                                                       \
        skip();                                                                                                        \
    }

static inline void write_file(const char *path, const void *data, size_t size) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static inline unsigned char *read_bytes(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    unsigned char *data = malloc(16 << 20);
    assert_non_null(data);
    *size = fread(data, 1, 16 << 20, file);
    fclose(file);
    return data;
}

#endif
