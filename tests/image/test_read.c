/* Reading: what libvips can write is read back as it should look. Files are made here with libvips itself, so that they
 * hold what our own writer never writes. */
#include "fixture.h"

#include "base/threads.h"
#include "image/png_chunk.h"
#include "image/vips.h"
#include <pthread.h>
#include <sys/stat.h>

/* Saves `samples` (height,width,bands) by the extension and options of `name`, which is in the scratch folder. */
/* "x.png[palette]" -> the path of x.png. */
static const char *without_options(const char *name) {
    char file[64];
    snprintf(file, sizeof file, "%.*s", (int)strcspn(name, "["), name);
    return in_scratch(file);
}

static VipsImage *wrap(const void *samples, int width, int height, int bands, VipsBandFormat format,
                       VipsInterpretation space) {
    size_t size = (size_t)width * (size_t)height * (size_t)bands * (format == VIPS_FORMAT_UCHAR ? 1 : 2);
    if (format == VIPS_FORMAT_FLOAT) size *= 2;
    VipsImage *raw = vips_image_new_from_memory_copy(samples, size, width, height, bands, format), *image = NULL;
    assert_non_null(raw);
    assert_int_equal(vips_copy(raw, &image, "interpretation", space, NULL), 0);
    g_object_unref(raw);
    return image;
}

static const char *save(VipsImage *image, const char *name) {
    if (vips_image_write_to_file(image, in_scratch(name), NULL) != 0) fail_msg("%s: %s", name, vips_error_buffer());
    g_object_unref(image);
    return without_options(name);
}

static ImpImage *read_picture(const char *path) {
    ImpImage *image;
    OK(imp_image_read(path, 0, &image, error));
    return image;
}

/* Sample c of the pixel (x,y), times 255. */
static double at(const ImpImage *image, int c, int x, int y) {
    size_t i = (size_t)y * (size_t)image->width + (size_t)x;
    return 255.0 * (double)image->rgb[(size_t)c * pixels_of(image) + i];
}

/* The library starts libvips, as it would in a program that knows nothing of libvips. */
static int start(void **state) {
    ImpImage *image;
    imp_image_read_memory("\x89PNG\r\n\x1a\n", 8, "start", 0, &image, NULL);
    return make_scratch(state);
}

/* ---- EXIF orientation ---- */

/* How the picture abc/def looks upright (EXIF 2.3, 4.6.4 A). */
static const char *const upright[9] = {"",         "abc/def",  "cba/fed",  "fed/cba", "def/abc",
                                       "ad/be/cf", "da/eb/fc", "fc/eb/da", "cf/be/ad"};

/* Every letter is a square of `scale` pixels of its own colour. */
static void check_orientation(const char *name, int orientation, int scale, double tolerance) {
    int width = 3 * scale, height = 2 * scale;
    unsigned char *samples = malloc((size_t)(width * height * 3));
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < 3; c++)
                samples[(y * width + x) * 3 + c] = (unsigned char)(30 * (y / scale * 3 + x / scale) + 10 * c);
    VipsImage *image = wrap(samples, width, height, 3, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_sRGB);
    vips_image_set_int(image, VIPS_META_ORIENTATION, orientation);
    ImpImage *read = read_picture(save(image, name));
    const char *wanted = upright[orientation];
    int columns = (int)strcspn(wanted, "/"), rows = columns == 3 ? 2 : 3;
    assert_int_equal(read->width, columns * scale);
    assert_int_equal(read->height, rows * scale);
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < columns; x++)
            for (int c = 0; c < 3; c++) {
                int letter = wanted[y * (columns + 1) + x] - 'a';
                double got = at(read, c, x * scale + scale / 2, y * scale + scale / 2);
                assert_true(fabs(got - (30 * letter + 10 * c)) <= tolerance);
            }
    imp_image_free(&read);
    free(samples);
}

static void orientation_is_applied(void **state) {
    (void)state;
    for (int orientation = 1; orientation <= 8; orientation++) {
        check_orientation("o.tif", orientation, 1, 1e-3);
        check_orientation("o.jpg[Q=100]", orientation, 16, 3);
        check_orientation("o.webp[lossless]", orientation, 4, 1e-3);
    }
}

/* Shrinking comes before turning: the longer side is the same, and so is the picture. */
static void orientation_and_shrinking(void **state) {
    (void)state;
    ImpImage *image = golden_picture(60, 40, 1), *whole, *small, *resized;
    unsigned char samples[60 * 40 * 3];
    for (size_t i = 0; i < 2400; i++)
        for (size_t c = 0; c < 3; c++) samples[3 * i + c] = (unsigned char)lroundf(image->rgb[c * 2400 + i] * 255);
    VipsImage *vips = wrap(samples, 60, 40, 3, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_sRGB);
    vips_image_set_int(vips, VIPS_META_ORIENTATION, 6);
    const char *path = save(vips, "turned.tif");
    OK(imp_image_read(path, 0, &whole, error));
    OK(imp_image_read(path, 21, &small, error));
    OK(imp_image_resize(whole, 14, 21, &resized, error));
    assert_true(image_difference(small, resized) < 1e-5);
    imp_image_free(&image);
    imp_image_free(&whole);
    imp_image_free(&small);
    imp_image_free(&resized);
}

/* `chunk` (type and data, `size` bytes) put into the PNG file `in`, after its header. */
static const char *with_chunk(const char *in, const char *name, const char *chunk, size_t size) {
    size_t bytes;
    unsigned char *data = read_bytes(in, &bytes), around[4];
    const char *path = in_scratch(name);
    FILE *file = fopen(path, "wb");
    assert_int_equal(fwrite(data, 1, 33, file), 33);
    imp_png_write_u32(around, (uint32_t)size - 4);
    fwrite(around, 1, 4, file);
    fwrite(chunk, 1, size, file);
    imp_png_write_u32(around, imp_png_crc((const unsigned char *)chunk, size));
    fwrite(around, 1, 4, file);
    fwrite(data + 33, 1, bytes - 33, file);
    assert_int_equal(fclose(file), 0);
    free(data);
    return path;
}

/* PNG has EXIF in a chunk, in either byte order. */
static void orientation_in_png(void **state) {
    (void)state;
    unsigned char samples[6 * 3];
    for (int i = 0; i < 18; i++) samples[i] = (unsigned char)(i * 10);
    const char *path = save(wrap(samples, 3, 2, 3, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_sRGB), "exif.png");
    static const char big[] = "eXIfMM\0*\0\0\0\10\0\1\1\22\0\3\0\0\0\1\0\6\0\0\0\0\0\0";
    static const char little[] = "eXIfII*\0\10\0\0\0\1\0\22\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0";
    const char *const chunks[2] = {big, little};
    for (int k = 0; k < 2; k++) { /* abc/def -> da/eb/fc */
        ImpImage *image = read_picture(with_chunk(path, "turned.png", chunks[k], sizeof big - 1));
        assert_int_equal(image->width, 2);
        assert_int_equal(image->height, 3);
        assert_float_equal(at(image, 0, 0, 0), 90, 1e-3);
        assert_float_equal(at(image, 2, 1, 2), 80, 1e-3);
        imp_image_free(&image);
    }
    for (size_t cut = 4; cut < sizeof big; cut++) { /* broken EXIF is none */
        ImpImage *image = read_picture(with_chunk(path, "cut.png", big, cut));
        assert_true(image->width == 3 || image->width == 2);
        imp_image_free(&image);
    }
}

/* gAMA 1.0: the samples are linear light. 0.5 of light is 188 in sRGB. An sRGB chunk overrules it. */
static void gamma_in_png(void **state) {
    (void)state;
    unsigned char samples[4 * 4];
    memset(samples, 128, sizeof samples);
    const char *path = save(wrap(samples, 4, 1, 4, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_sRGB), "plain.png");
    const char *linear = with_chunk(path, "linear.png", "gAMA\0\1\206\240", 8);
    ImpImage *image = read_picture(linear);
    assert_float_equal(at(image, 0, 1, 0), 188.03, 0.5);
    assert_float_equal(image->alpha[1], 128 / 255.0, 1e-6);
    imp_image_free(&image);
    image = read_picture(with_chunk(linear, "both.png", "sRGB\0", 5));
    assert_float_equal(at(image, 0, 1, 0), 128, 1e-3);
    imp_image_free(&image);
    image = read_picture(with_chunk(path, "usual.png", "gAMA\0\0\261\217", 8));
    assert_float_equal(at(image, 0, 1, 0), 128, 1e-3);
    imp_image_free(&image);
}

/* ---- Colour ---- */

static double to_linear(double v) {
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static double to_encoded(double v) {
    return v <= 0.0031308 ? v * 12.92 : 1.055 * pow(v, 1 / 2.4) - 0.055;
}

/* Display P3 -> sRGB by the published primaries (both D65): the matrix of CSS Color 4. */
static void p3_to_srgb(const double in[3], double out[3]) {
    static const double matrix[3][3] = {{1.2249401763, -0.2249401763, 0},
                                        {-0.0420569547, 1.0420569547, 0},
                                        {-0.0196375546, -0.0786360456, 1.0982736001}};
    for (int i = 0; i < 3; i++) {
        double sum = 0;
        for (int j = 0; j < 3; j++) sum += matrix[i][j] * to_linear(in[j]);
        out[i] = to_encoded(sum);
    }
}

static VipsImage *with_profile(VipsImage *image, const char *profile) {
    VipsBlob *blob = NULL;
    assert_int_equal(vips_profile_load(profile, &blob, NULL), 0);
    size_t size;
    const void *data = vips_blob_get(blob, &size);
    vips_image_set_blob_copy(image, VIPS_META_ICC_NAME, data, size);
    vips_area_unref((VipsArea *)blob);
    return image;
}

/* A ramp of colours inside sRGB, stored as P3. At 16 bits the neighbours must stay apart: precision is kept. */
static void profile_becomes_srgb(void **state) {
    (void)state;
    unsigned short deep[256 * 3];
    unsigned char shallow[256 * 3];
    for (int i = 0; i < 256; i++)
        for (int c = 0; c < 3; c++) {
            deep[3 * i + c] = (unsigned short)(20000 + 7 * i + 5000 * c);
            shallow[3 * i + c] = (unsigned char)(60 + i / 2 + 10 * c);
        }
    VipsImage *vips = wrap(deep, 256, 1, 3, VIPS_FORMAT_USHORT, VIPS_INTERPRETATION_RGB16);
    ImpImage *image = read_picture(save(with_profile(vips, "p3"), "p3.png"));
    assert_int_equal(image->bit_depth, 16);
    for (int i = 0; i < 256; i++) {
        double in[3], wanted[3];
        for (int c = 0; c < 3; c++) in[c] = deep[3 * i + c] / 65535.0;
        p3_to_srgb(in, wanted);
        for (int c = 0; c < 3; c++) assert_true(fabs(at(image, c, i, 0) / 255 - wanted[c]) < 4e-4);
        if (i == 0) continue;
        for (int c = 0; c < 3; c++) {
            double step = (at(image, c, i, 0) - at(image, c, i - 1, 0)) / 255 * 65535;
            assert_true(step > 2 && step < 12); /* about 7 */
        }
    }
    imp_image_free(&image);
    vips = wrap(shallow, 256, 1, 3, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_sRGB);
    image = read_picture(save(with_profile(vips, "p3"), "p3.tif"));
    assert_int_equal(image->bit_depth, 8);
    for (int i = 0; i < 256; i += 17) {
        double in[3], wanted[3];
        for (int c = 0; c < 3; c++) in[c] = shallow[3 * i + c] / 255.0;
        p3_to_srgb(in, wanted);
        for (int c = 0; c < 3; c++) assert_true(fabs(at(image, c, i, 0) / 255 - wanted[c]) < 4e-4);
    }
    imp_image_free(&image);
}

/* A profile that is sRGB under any name leaves the numbers alone. */
static void srgb_profile_changes_nothing(void **state) {
    (void)state;
    unsigned char samples[256 * 3];
    for (int i = 0; i < 256 * 3; i++) samples[i] = (unsigned char)(i * 7);
    VipsImage *vips = wrap(samples, 256, 1, 3, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_sRGB);
    ImpImage *image = read_picture(save(with_profile(vips, "srgb"), "srgb.png"));
    for (int i = 0; i < 256; i++)
        for (int c = 0; c < 3; c++) assert_float_equal(at(image, c, i, 0), samples[3 * i + c], 1e-4);
    imp_image_free(&image);
}

/* A broken profile is as good as none. */
static void broken_profile_is_ignored(void **state) {
    (void)state;
    unsigned char samples[3 * 4] = {10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120};
    VipsImage *vips = wrap(samples, 4, 1, 3, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_sRGB);
    vips_image_set_blob_copy(vips, VIPS_META_ICC_NAME, "this is no profile at all, not in the least ....", 48);
    ImpImage *image = read_picture(save(vips, "broken.tif"));
    for (int i = 0; i < 4; i++) assert_float_equal(at(image, 1, i, 0), samples[3 * i + 1], 1e-4);
    imp_image_free(&image);
}

/* With the profile in the file and without: libvips's own press profile is taken then. The wanted numbers are those of
 * Little CMS by way of Pillow (relative colorimetric, black point compensation). */
static void cmyk_becomes_rgb(void **state) {
    (void)state;
    static const unsigned char inks[5][4] = {
        {0, 0, 0, 0}, {4, 43, 105, 155}, {128, 3, 137, 159}, {2, 0, 2, 146}, {0, 40, 43, 69}};
    static const double wanted[5][3] = {
        {255, 255, 255}, {116, 100, 80}, {59, 88, 70}, {119, 119, 119}, {186, 161, 152}};
    unsigned char samples[64 * 80][4];
    for (int i = 0; i < 64 * 80; i++) memcpy(samples[i], inks[i % 80 / 16], 4);
    const char *const names[3] = {"cmyk.jpg[Q=100]", "bare.jpg[Q=100]", "cmyk.tif"};
    for (int k = 0; k < 3; k++) {
        VipsImage *cmyk = wrap(samples, 80, 64, 4, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_CMYK);
        ImpImage *image = read_picture(save(k == 1 ? cmyk : with_profile(cmyk, "cmyk"), names[k]));
        assert_null(image->alpha);
        for (int i = 0; i < 5; i++)
            for (int c = 0; c < 3; c++)
                assert_true(fabs(at(image, c, 16 * i + 8, 32) - wanted[i][c]) < (k == 2 ? 0.6 : 2.5));
        imp_image_free(&image);
    }
}

static void palettes_and_few_bits(void **state) {
    (void)state;
    unsigned char samples[64 * 3], bits[64];
    for (int i = 0; i < 64; i++) {
        const unsigned char colours[4][3] = {{255, 0, 0}, {0, 200, 0}, {0, 0, 100}, {7, 8, 9}};
        memcpy(samples + (size_t)3 * (size_t)i, colours[i % 4], 3);
        bits[i] = i % 3 ? 255 : 0;
    }
    const char *const names[] = {"palette.png[palette]", "palette.gif", "palette2.png[palette,bitdepth=2]"};
    for (int k = 0; k < 3; k++) {
        ImpImage *image =
            read_picture(save(wrap(samples, 8, 8, 3, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_sRGB), names[k]));
        for (int i = 0; i < 64; i++)
            for (int c = 0; c < 3; c++)
                assert_true(fabs(at(image, c, i % 8, i / 8) - samples[3 * i + c]) <= (k == 1 ? 2 : 1e-3));
        imp_image_free(&image);
    }
    const char *const ones[] = {"bits.png[bitdepth=1]", "bits.tif[bitdepth=1]", "white.tif[bitdepth=1,miniswhite]"};
    for (int k = 0; k < 3; k++) {
        ImpImage *image = read_picture(save(wrap(bits, 8, 8, 1, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_B_W), ones[k]));
        for (int i = 0; i < 64; i++)
            for (int c = 0; c < 3; c++) assert_float_equal(at(image, c, i % 8, i / 8), bits[i], 1e-3);
        imp_image_free(&image);
    }
}

static void grey_and_alpha(void **state) {
    (void)state;
    unsigned char shallow[16 * 2];
    unsigned short deep[16 * 2];
    for (int i = 0; i < 32; i++) {
        shallow[i] = (unsigned char)(i * 8);
        deep[i] = (unsigned short)(i * 2000 + 1);
    }
    const char *const names[] = {"ga.png", "ga.tif", "ga16.png", "ga16.tif"};
    for (int k = 0; k < 4; k++) {
        VipsImage *vips = k < 2 ? wrap(shallow, 4, 4, 2, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_B_W)
                                : wrap(deep, 4, 4, 2, VIPS_FORMAT_USHORT, VIPS_INTERPRETATION_GREY16);
        ImpImage *image = read_picture(save(vips, names[k]));
        assert_int_equal(image->bit_depth, k < 2 ? 8 : 16);
        assert_non_null(image->alpha);
        double top = k < 2 ? 255 : 65535;
        for (int i = 0; i < 16; i++) {
            double grey = k < 2 ? shallow[2 * i] : deep[2 * i], alpha = k < 2 ? shallow[2 * i + 1] : deep[2 * i + 1];
            for (int c = 0; c < 3; c++) assert_float_equal(at(image, c, i % 4, i / 4) / 255, grey / top, 1e-6);
            assert_float_equal(image->alpha[i], alpha / top, 1e-6);
        }
        imp_image_free(&image);
    }
}

static void put(unsigned char **at, unsigned value, int bytes) {
    for (int i = 0; i < bytes; i++) *(*at)++ = (unsigned char)(value >> 8 * i);
}

/* A TIFF of 4x1 pixels whose colours are multiplied by alpha (ExtraSamples 1), made by hand: libvips 8.14 crashes when
 * it is to write one. samples (4,4) are not multiplied. */
static const char *premultiplied_tiff(const unsigned char *samples) {
    static const unsigned tags[][2] = {{256, 4}, {257, 1}, {258, 8},  {259, 1}, {262, 2}, {273, 8},
                                       {277, 4}, {278, 1}, {279, 16}, {284, 1}, {338, 1}};
    enum { TAGS = sizeof tags / sizeof *tags };
    unsigned char file[24 + 8 + 2 + 12 * TAGS + 4], *end = file;
    put(&end, 0x002a4949, 4);
    put(&end, 32, 4); /* where the directory is: after the pixels and the bits of each sample */
    for (int i = 0; i < 16; i++)
        put(&end, i % 4 == 3 ? samples[i] : (unsigned)samples[i] * samples[i / 4 * 4 + 3] / 255, 1);
    for (int i = 0; i < 4; i++) put(&end, 8, 2);
    put(&end, TAGS, 2);
    for (int i = 0; i < TAGS; i++) {
        bool bits = tags[i][0] == 258;
        put(&end, tags[i][0], 2);
        put(&end, 3, 2); /* short */
        put(&end, bits ? 4 : 1, 4);
        put(&end, bits ? 24 : tags[i][1], 4);
    }
    put(&end, 0, 4);
    const char *path = in_scratch("premultiplied.tif");
    write_file(path, file, (size_t)(end - file));
    return path;
}

/* Alpha beside a profile, opaque alpha, and alpha multiplied into the colours (TIFF can say so). */
static void kinds_of_alpha(void **state) {
    (void)state;
    unsigned char samples[4 * 4] = {200, 100, 50, 128, 200, 100, 50, 0, 200, 100, 50, 255, 200, 100, 50, 64};
    VipsImage *vips = wrap(samples, 4, 1, 4, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_sRGB);
    ImpImage *image = read_picture(save(with_profile(vips, "p3"), "p3a.png"));
    for (int i = 0; i < 4; i++) assert_float_equal(image->alpha[i], samples[4 * i + 3] / 255.0, 1e-6);
    assert_true(at(image, 0, 0, 0) > 204); /* P3's red is redder */
    imp_image_free(&image);
    image = read_picture(premultiplied_tiff(samples));
    for (int i = 0; i < 4; i++) {
        assert_float_equal(image->alpha[i], samples[4 * i + 3] / 255.0, 1e-6);
        if (samples[4 * i + 3] > 0) assert_true(fabs(at(image, 0, i, 0) - 200) < 4);
    }
    imp_image_free(&image);
    for (int i = 0; i < 4; i++) samples[4 * i + 3] = 255;
    image = read_picture(save(wrap(samples, 4, 1, 4, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_sRGB), "opaque.png"));
    assert_null(image->alpha);
    imp_image_free(&image);
}

static void floats_are_refused(void **state) {
    (void)state;
    float samples[12] = {0, 1, 2};
    const char *path = save(wrap(samples, 4, 1, 3, VIPS_FORMAT_FLOAT, VIPS_INTERPRETATION_sRGB), "float.tif");
    ImpImage *image;
    FAILS(IMP_ERROR_UNSUPPORTED, "8 or 16 bits", imp_image_read(path, 0, &image, error));
}

/* HEIF keeps 10 and 12 bits; white must come out white. */
static void deep_heif_reaches_white(void **state) {
    (void)state;
    unsigned short samples[64 * 64 * 3];
    for (int i = 0; i < 64 * 64 * 3; i++) samples[i] = i < 64 * 32 * 3 ? 65535 : 32768;
    const char *const names[] = {"deep.avif[bitdepth=12,compression=av1,lossless]", "deep.heic[bitdepth=10,lossless]"};
    for (int k = 0; k < 2; k++) {
        VipsImage *vips = wrap(samples, 64, 64, 3, VIPS_FORMAT_USHORT, VIPS_INTERPRETATION_RGB16);
        const char *path = without_options(names[k]);
        int failed = vips_image_write_to_file(vips, in_scratch(names[k]), NULL);
        g_object_unref(vips);
        if (failed) {
            print_message("skipped: no encoder for %s\n", names[k]);
            vips_error_clear();
            continue;
        }
        ImpImage *image = read_picture(path);
        assert_int_equal(image->bit_depth, 16);
        assert_float_equal(at(image, 1, 20, 10), 255, 1e-3);
        assert_float_equal(at(image, 1, 20, 50), 127.5, 1);
        imp_image_free(&image);
    }
}

/* ---- Shrinking while reading ---- */

static void check_shrinking(const char *path, int max_side) {
    ImpImage *whole, *small, *resized;
    OK(imp_image_read(path, 0, &whole, error));
    OK(imp_image_read(path, max_side, &small, error));
    int width, height;
    imp_image_fit(whole->width, whole->height, max_side, &width, &height);
    OK(imp_image_resize(whole, width, height, &resized, error));
    assert_true(image_difference(small, resized) == 0);
    imp_image_free(&small);
    OK(imp_image_read(path, whole->width + whole->height, &small, error)); /* never enlarges */
    assert_true(image_difference(small, whole) == 0);
    imp_image_free(&whole);
    imp_image_free(&small);
    imp_image_free(&resized);
}

static void shrinking_is_resizing(void **state) {
    (void)state;
    unsigned char *samples = malloc(701 * 503 * 4);
    for (unsigned i = 0; i < 701 * 503 * 4; i++) samples[i] = (unsigned char)(i * 7919U >> 3);
    const char *const names[] = {"big.png", "big.jpg", "big.webp[lossless]", "big.tif[tile]", "big2.png[interlace]"};
    for (int k = 0; k < 5; k++) {
        VipsImage *vips = wrap(samples, 701, 503, 4, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_sRGB);
        const char *path = save(vips, names[k]);
        check_shrinking(path, 100);
        check_shrinking(path, 1);
        check_shrinking(path, 700);
    }
    free(samples);
}

/* ---- Ways in ---- */

static void from_memory_pipe_and_standard_input(void **state) {
    (void)state;
    ImpImage *image = golden_picture(20, 10, 1), *memory, *input, *pipe;
    const char *path = in_scratch("ways.png");
    OK(imp_image_write(image, path, NULL, error));
    size_t size;
    unsigned char *data = read_bytes(path, &size);
    OK(imp_image_read_memory(data, size, "memory", 0, &memory, error));
    assert_true(image_difference(image, memory) < 1e-6);
    int former = dup(0);
    assert_non_null(freopen(path, "rb", stdin));
    OK(imp_image_read("-", 0, &input, error));
    dup2(former, 0);
    close(former);
    assert_true(image_difference(image, input) < 1e-6);
    char fifo[256], command[1024];
    strcpy(fifo, in_scratch("fifo"));
    assert_int_equal(mkfifo(fifo, 0600), 0);
    snprintf(command, sizeof command, "cat %s > %s &", path, fifo);
    assert_int_equal(system(command), 0);
    OK(imp_image_read(fifo, 0, &pipe, error));
    assert_true(image_difference(image, pipe) < 1e-6);
    free(data);
    imp_image_free(&pipe);
    imp_image_free(&input);
    imp_image_free(&memory);
    imp_image_free(&image);
}

static void smallest_picture(void **state) {
    (void)state;
    const char *const names[] = {"one.png", "one.jpg", "one.webp", "one.tif", "one.gif"};
    unsigned char white[3] = {255, 255, 255};
    for (int k = 0; k < 5; k++) {
        ImpImage *image =
            read_picture(save(wrap(white, 1, 1, 3, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_sRGB), names[k]));
        assert_int_equal(image->width, 1);
        assert_int_equal(image->height, 1);
        for (int c = 0; c < 3; c++) assert_true(fabs(at(image, c, 0, 0) - 255) < 3);
        imp_image_free(&image);
    }
}

/* Messages stay with their own file while others fail beside it. */
typedef struct Failing {
    const char *path, *part;
    int wrong;
} Failing;

static void *fail_often(void *context) {
    Failing *failing = context;
    for (int i = 0; i < 60; i++) {
        ImpImage *image;
        ImpError error = {IMP_OK, ""};
        if (imp_image_read(failing->path, 0, &image, &error) == IMP_OK || !strstr(error.message, failing->part))
            failing->wrong++;
        imp_image_free(&image);
    }
    return NULL;
}

static void messages_do_not_mix(void **state) {
    (void)state;
    ImpImage *image = golden_picture(64, 64, 1);
    const char *const names[2] = {"cut.jpg", "cut.png"};
    Failing failing[2] = {{NULL, "remature", 0}, {NULL, "libpng", 0}};
    pthread_t threads[2];
    for (int k = 0; k < 2; k++) {
        failing[k].path = in_scratch(names[k]);
        OK(imp_image_write(image, failing[k].path, NULL, error));
        assert_int_equal(truncate(failing[k].path, 5000), 0);
        assert_int_equal(pthread_create(&threads[k], NULL, fail_often, &failing[k]), 0);
    }
    for (int k = 0; k < 2; k++) {
        pthread_join(threads[k], NULL);
        assert_int_equal(failing[k].wrong, 0);
    }
    imp_image_free(&image);
}

/* What libvips said about something else is not said again. */
static void stale_reasons_are_not_repeated(void **state) {
    (void)state;
    ImpImage *image = golden_picture(64, 64, 1), *read;
    OK(imp_image_write(image, in_scratch("stale.jpg"), NULL, error));
    assert_int_equal(truncate(in_scratch("stale.jpg"), 5000), 0);
    vips_error("elsewhere", "another file is broken");
    FAILS(IMP_ERROR_FORMAT, "(Premature", imp_image_read(in_scratch("stale.jpg"), 0, &read, error));
    assert_int_equal(*vips_error_buffer(), 0);
    imp_image_free(&image);
}

static void no_memory_is_an_error(void **state) {
    (void)state;
    unsigned char samples[30 * 20 * 4];
    for (size_t i = 0; i < sizeof samples; i++) samples[i] = (unsigned char)(i * 3);
    VipsImage *vips = wrap(samples, 30, 20, 4, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_sRGB);
    vips_image_set_int(vips, VIPS_META_ORIENTATION, 6);
    const char *path = save(with_profile(vips, "p3"), "memory.png");
    for (int max_side = 0; max_side <= 9; max_side += 9) {
        ImpImage *image;
        for (long calls = 0;; calls++) {
            imp_alloc_fail_after(calls);
            ImpStatus status = imp_image_read(path, max_side, &image, NULL);
            imp_alloc_fail_after(-1);
            if (status == IMP_OK) break;
            assert_int_equal(status, IMP_ERROR_MEMORY);
            assert_null(image);
            assert_true(calls < 100);
        }
        imp_image_free(&image);
    }
}

/* ---- Shared samples ---- */

static void check_same(const char *a, const char *b, double tolerance) {
    const char *path_a = in_shared(a), *path_b = in_shared(b);
    assert_non_null(path_a);
    assert_non_null(path_b);
    ImpImage *first = read_picture(path_a), *second = read_picture(path_b);
    double sum = 0;
    assert_int_equal(first->width, second->width);
    assert_int_equal(first->height, second->height);
    for (size_t i = 0; i < 3 * pixels_of(first); i++) sum += fabs((double)first->rgb[i] - (double)second->rgb[i]);
    if (sum / (3.0 * (double)pixels_of(first)) > tolerance)
        fail_msg("%s and %s differ by %g", a, b, sum / (3.0 * (double)pixels_of(first)));
    imp_image_free(&first);
    imp_image_free(&second);
}

static void one_picture_in_many_formats(void **state) {
    (void)state;
    NEEDS_SHARED(folder, "images/codecs");
    check_same("images/codecs/bricks-color.png", "images/codecs/bricks-color.tiff", 0);
    check_same("images/codecs/bricks-color.png", "images/codecs/bricks-color.lossless.webp", 0);
    check_same("images/codecs/bricks-color.png", "images/codecs/bricks-color.jpeg", 0.05);
    check_same("images/codecs/hibiscus.regular.png", "images/codecs/hibiscus.regular.tiff", 0);
    check_same("images/codecs/hibiscus.regular.png", "images/codecs/hibiscus.regular.lossless.webp", 0);
    check_same("images/codecs/hibiscus.regular.png", "images/codecs/hibiscus.regular.jpeg", 0.03);
    check_same("images/codecs/hibiscus.regular.png", "images/codecs/hibiscus.regular.lossy.webp", 0.03);
    check_same("images/codecs/hibiscus.regular.png", "images/codecs/hibiscus.regular.gif", 0.05);
}

/* Names that begin with x are broken; basi files are the interlaced twins of basn. */
static void check_suite_file(const char *path, int *good, int *bad) {
    const char *name = strrchr(path, '/') + 1;
    ImpImage *image;
    ImpError error = {IMP_OK, ""};
    ImpStatus status = imp_image_read(path, 0, &image, &error);
    if ((status == IMP_OK) == (name[0] == 'x')) fail_msg("%s: %s", path, error.message);
    *(name[0] == 'x' ? bad : good) += 1;
    if (strncmp(name, "basi", 4) == 0) {
        char twin[512];
        strcpy(twin, path);
        twin[strlen(path) - strlen(name) + 3] = 'n';
        ImpImage *plain = read_picture(twin);
        assert_true(image_difference(image, plain) == 0);
        assert_int_equal(image->bit_depth, plain->bit_depth);
        imp_image_free(&plain);
    }
    imp_image_free(&image);
}

static void png_suite(void **state) {
    (void)state;
    NEEDS_SHARED(suite, "images/codecs/PngSuite.zip");
    char command[2048], path[512];
    snprintf(command, sizeof command, "unzip -q -o '%s' -d %s 2>/dev/null && find %s/PngSuite -name '*.png'", suite,
             scratch, scratch);
    FILE *list = popen(command, "r");
    int good = 0, bad = 0;
    while (fgets(path, sizeof path, list)) {
        path[strcspn(path, "\n")] = 0;
        check_suite_file(path, &good, &bad);
    }
    pclose(list);
    if (good + bad == 0) {
        print_message("skipped: no unzip\n");
        skip();
    }
    assert_true(good > 150 && bad >= 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orientation_is_applied),
        cmocka_unit_test(orientation_and_shrinking),
        cmocka_unit_test(orientation_in_png),
        cmocka_unit_test(gamma_in_png),
        cmocka_unit_test(profile_becomes_srgb),
        cmocka_unit_test(srgb_profile_changes_nothing),
        cmocka_unit_test(broken_profile_is_ignored),
        cmocka_unit_test(cmyk_becomes_rgb),
        cmocka_unit_test(palettes_and_few_bits),
        cmocka_unit_test(grey_and_alpha),
        cmocka_unit_test(kinds_of_alpha),
        cmocka_unit_test(floats_are_refused),
        cmocka_unit_test(deep_heif_reaches_white),
        cmocka_unit_test(shrinking_is_resizing),
        cmocka_unit_test(from_memory_pipe_and_standard_input),
        cmocka_unit_test(smallest_picture),
        cmocka_unit_test(messages_do_not_mix),
        cmocka_unit_test(stale_reasons_are_not_repeated),
        cmocka_unit_test(no_memory_is_an_error),
        cmocka_unit_test(one_picture_in_many_formats),
        cmocka_unit_test(png_suite),
    };
    return cmocka_run_group_tests(tests, start, remove_scratch);
}
