/* Writing: round trips, and what must hold when writing fails. */
#include "fixture.h"

#include "image/vips.h"
#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static ImpImage *with_alpha(ImpImage *image) {
    OK(imp_image_add_alpha(image, error));
    for (size_t i = 0; i < pixels_of(image); i++) image->alpha[i] = (float)(i * 17 % 256) / 255;
    return image;
}

static ImpImage *round_trip(const ImpImage *image, const char *name, const ImpImageWriteOptions *options) {
    ImpImage *read;
    OK(imp_image_write(image, in_scratch(name), options, error));
    OK(imp_image_read(in_scratch(name), 0, &read, error));
    return read;
}

static void lossless_formats_keep_every_bit(void **state) {
    (void)state;
    const char *const names[] = {"exact.png", "exact.tif"};
    const int sizes[][2] = {{1, 1}, {3, 5}, {17, 1}, {1, 9}, {64, 40}};
    for (int k = 0; k < 2 * 5 * 2 * 2; k++) {
        const int *size = sizes[k / 2 % 5];
        int depth = k / 10 % 2 ? 16 : 8;
        ImpImage *image = golden_picture(size[0], size[1], k);
        image->bit_depth = depth;
        if (k >= 20) {
            with_alpha(image);
            image->alpha[0] = 0;
        }
        for (size_t i = 0; depth == 16 && i < 3 * pixels_of(image); i++)
            image->rgb[i] = (float)((i * 40503 + 11) % 65536) / 65535;
        ImpImage *read = round_trip(image, names[k % 2], NULL);
        assert_true(image_difference(image, read) == 0);
        assert_int_equal(read->bit_depth, depth);
        imp_image_free(&read);
        imp_image_free(&image);
    }
}

static void all_values_of_both_depths(void **state) {
    (void)state;
    for (int depth = 8; depth <= 16; depth += 8) {
        int side = depth == 8 ? 16 : 256;
        ImpImage *image = plain_picture(side, side, 0, 0, 0);
        image->bit_depth = depth;
        for (size_t i = 0; i < 3 * pixels_of(image); i++)
            image->rgb[i] = (float)(i % pixels_of(image)) / (float)(pixels_of(image) - 1);
        ImpImage *read = round_trip(image, "all.png", NULL);
        assert_true(image_difference(image, read) == 0);
        imp_image_free(&read);
        imp_image_free(&image);
    }
}

static void values_are_rounded_to_nearest(void **state) {
    (void)state;
    for (int depth = 8; depth <= 16; depth += 8) {
        float top = depth == 8 ? 255 : 65535;
        ImpImage *image = plain_picture(4, 1, 0, 0, 0);
        image->bit_depth = depth;
        const float values[4] = {100.4f, 100.6f, top - 0.6f, 0.4f}, wanted[4] = {100, 101, top - 1, 0};
        for (int i = 0; i < 4; i++) image->rgb[i] = values[i] / top;
        ImpImage *read = round_trip(image, "rounded.png", NULL);
        for (int i = 0; i < 4; i++) assert_float_equal(read->rgb[i] * top, wanted[i], 1e-2);
        imp_image_free(&read);
        imp_image_free(&image);
    }
}

/* Smooth and of muted colours, so that lossy coding is close. */
static ImpImage *smooth_picture(int width, int height) {
    ImpImage *small = golden_picture(3, 3, 1), *image;
    for (size_t i = 0; i < 27; i++) small->rgb[i] = 0.4f + 0.2f * small->rgb[i];
    OK(imp_image_resize(small, width, height, &image, error));
    imp_image_free(&small);
    return image;
}

static bool can_write(const char *name) {
    if (imp_image_check_writable(in_scratch(name), NULL, NULL) == IMP_OK) return true;
    print_message("skipped: this build writes no %s\n", name);
    return false;
}

static void lossy_formats_come_close(void **state) {
    (void)state;
    const char *const names[] = {"near.jpg", "near.webp", "near.avif", "near.heic", "near.gif"};
    const int sizes[][2] = {{1, 1}, {5, 3}, {1, 40}, {130, 71}};
    for (int k = 0; k < 5 * 4; k++) {
        if (k % 5 == 2 || k % 5 == 3)
            if (!can_write(names[k % 5])) continue;
        ImpImage *image = smooth_picture(sizes[k / 5][0], sizes[k / 5][1]);
        ImpImage *read = round_trip(image, names[k % 5], NULL);
        double worst = image_difference(image, read);
        if (worst > 0.15) fail_msg("%s of %dx%d differs by %g", names[k % 5], image->width, image->height, worst);
        imp_image_free(&read);
        imp_image_free(&image);
    }
}

static void depth_goes_by_options_and_format(void **state) {
    (void)state;
    ImpImage *image = smooth_picture(32, 32);
    const struct {
        const char *name;
        int image_depth, asked, wanted;
    } cases[] = {{"d.png", 8, 0, 8},    {"d.png", 16, 0, 16}, {"d.png", 16, 8, 8},  {"d.png", 8, 16, 16},
                 {"d.jpg", 16, 0, 8},   {"d.tif", 8, 16, 16}, {"d.webp", 16, 0, 8}, {"d.avif", 16, 0, 16},
                 {"d.avif", 8, 16, 16}, {"d.avif", 16, 8, 8}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (strstr(cases[i].name, "avif") && !can_write("d.avif")) continue;
        image->bit_depth = cases[i].image_depth;
        ImpImageWriteOptions options = {.bit_depth = cases[i].asked};
        ImpImage *read = round_trip(image, cases[i].name, &options);
        assert_int_equal(read->bit_depth, cases[i].wanted);
        assert_true(image_difference(image, read) < 0.1);
        imp_image_free(&read);
    }
    imp_image_free(&image);
}

static void quality_has_an_effect(void **state) {
    (void)state;
    ImpImage *image = golden_picture(64, 64, 1);
    long sizes[3];
    for (int k = 0; k < 3; k++) {
        ImpImageWriteOptions options = {.quality = (int[]){10, 0, 100}[k]};
        OK(imp_image_write(image, in_scratch("q.jpg"), &options, error));
        struct stat info;
        assert_int_equal(stat(in_scratch("q.jpg"), &info), 0);
        sizes[k] = info.st_size;
    }
    assert_true(sizes[0] < sizes[1] && sizes[1] < sizes[2]);
    imp_image_free(&image);
}

static void files_carry_the_srgb_profile(void **state) {
    (void)state;
    ImpImage *image = smooth_picture(16, 16);
    const char *const names[] = {"icc.png", "icc.jpg", "icc.webp", "icc.tif", "icc.avif"};
    for (int k = 0; k < 5; k++) {
        if (k == 4 && !can_write(names[k])) continue;
        OK(imp_image_write(image, in_scratch(names[k]), NULL, error));
        VipsImage *file = vips_image_new_from_file(in_scratch(names[k]), NULL);
        assert_non_null(file);
        const void *profile;
        size_t size;
        assert_int_equal(vips_image_get_blob(file, VIPS_META_ICC_NAME, &profile, &size), 0);
        assert_memory_equal((const char *)profile + 12, "mntrRGB ", 8);
        g_object_unref(file);
    }
    imp_image_free(&image);
}

static void jpeg_is_flattened_onto_white(void **state) {
    (void)state;
    ImpImage *image = plain_picture(32, 16, 0, 0, 0);
    OK(imp_image_add_alpha(image, error));
    for (size_t i = 0; i < pixels_of(image); i++) image->alpha[i] = i % 32 < 16 ? 0 : 0.5f;
    ImpImage *read = round_trip(image, "flat.jpg", NULL);
    assert_null(read->alpha);
    assert_float_equal(read->rgb[4], 1, 0.02);
    assert_float_equal(read->rgb[28], 0.5, 0.02);
    imp_image_free(&read);
    imp_image_free(&image);
}

static void alpha_survives(void **state) {
    (void)state;
    const char *const names[] = {"a.webp", "a.avif", "a.heic"};
    for (int k = 0; k < 3; k++) {
        if (!can_write(names[k])) continue;
        ImpImage *image = smooth_picture(32, 32);
        OK(imp_image_add_alpha(image, error));
        for (size_t i = 0; i < pixels_of(image); i++) image->alpha[i] = (float)(i / 32) / 31;
        ImpImage *read = round_trip(image, names[k], NULL);
        assert_non_null(read->alpha);
        assert_true(max_difference(image->alpha, read->alpha, pixels_of(image)) < 0.05);
        imp_image_free(&read);
        imp_image_free(&image);
    }
}

static void odd_values_are_clamped(void **state) {
    (void)state;
    ImpImage *image = plain_picture(4, 1, 0, 0, 0);
    const float values[4] = {-3, 7, NAN, INFINITY};
    memcpy(image->rgb, values, sizeof values);
    ImpImage *read = round_trip(image, "odd.png", NULL);
    const float wanted[4] = {0, 1, 0, 1};
    assert_memory_equal(read->rgb, wanted, sizeof wanted);
    imp_image_free(&read);
    imp_image_free(&image);
}

static void options_are_checked(void **state) {
    (void)state;
    ImpImage *image = plain_picture(2, 2, 0, 0, 0);
    ImpImageText text = {"", "value"};
    const struct {
        const char *path, *part;
        ImpImageWriteOptions options;
    } cases[] = {{"x.bmp", "format", {0}},
                 {"x", "format", {0}},
                 {".png/x", "format", {0}},
                 {"x.png", "\"tga\"", {.format = "tga"}},
                 {"x.jpg", "16 bits", {.bit_depth = 16}},
                 {"x.png", "12 bits", {.bit_depth = 12}},
                 {"x.jpg", "quality of 101", {.quality = 101}},
                 {"x.jpg", "quality of -1", {.quality = -1}},
                 {"x.png", "text called", {.texts = &text, .n_texts = 1}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *path = in_scratch(cases[i].path);
        FAILS(IMP_ERROR_ARGUMENT, cases[i].part, imp_image_write(image, path, &cases[i].options, error));
        FAILS(IMP_ERROR_ARGUMENT, cases[i].part, imp_image_check_writable(path, &cases[i].options, error));
        assert_int_not_equal(access(path, F_OK), 0);
    }
    FAILS(IMP_ERROR_ARGUMENT, "name the format", imp_image_write(image, "-", NULL, error));
    ImpImageWriteOptions named = {.format = "JPEG"};
    ImpImage *read = round_trip(image, "picture.png", &named); /* the format asked for wins over the extension */
    size_t size;
    unsigned char *data = read_bytes(in_scratch("picture.png"), &size);
    assert_int_equal(data[0], 0xff);
    free(data);
    imp_image_free(&read);
    imp_image_free(&image);
}

/* ---- Texts ---- */

static void texts_are_kept(void **state) {
    (void)state;
    ImpImage *image = golden_picture(9, 7, 1);
    char *longer = malloc(300001);
    memset(longer, 'x', 300000);
    longer[300000] = 0;
    ImpImageText texts[] = {{"Title", "Gr\xc3\xbc\xc3\x9f"
                                      "e, \xe4\xb8\x96\xe7\x95\x8c"},
                            {"impasto-recipe", "{\n  \"method\": \"stylize\"\n}"},
                            {"long", longer},
                            {"empty", ""}};
    ImpImageWriteOptions options = {.texts = texts, .n_texts = 4};
    ImpImage *read = round_trip(image, "text.png", &options);
    assert_true(image_difference(image, read) == 0);
    for (int i = 0; i < 4; i++) {
        char *value;
        OK(imp_image_read_text(in_scratch("text.png"), texts[i].key, &value, error));
        assert_non_null(value);
        assert_string_equal(value, texts[i].value);
        free(value);
    }
    char *none = longer;
    OK(imp_image_read_text(in_scratch("text.png"), "impasto", &none, error));
    assert_null(none);
    /* libpng agrees, by way of libvips */
    VipsImage *file = vips_image_new_from_file(in_scratch("text.png"), NULL);
    const char *comment;
    assert_int_equal(vips_image_get_string(file, "png-comment-1-impasto-recipe", &comment), 0);
    assert_string_equal(comment, texts[1].value);
    g_object_unref(file);
    OK(imp_image_write(image, in_scratch("text.jpg"), &options, error)); /* left out */
    OK(imp_image_read_text(in_scratch("text.jpg"), "impasto-recipe", &none, error));
    assert_null(none);
    FAILS(IMP_ERROR_IO, "No such file", imp_image_read_text(in_scratch("none.png"), "a", &none, error));
    free(longer);
    imp_image_free(&read);
    imp_image_free(&image);
}

/* Whatever is wrong with the chunks, reading stays within the file. */
static void damaged_texts(void **state) {
    (void)state;
    ImpImage *image = golden_picture(3, 3, 1);
    ImpImageText text = {"key", "value"};
    ImpImageWriteOptions options = {.texts = &text, .n_texts = 1};
    OK(imp_image_write(image, in_scratch("whole.png"), &options, error));
    size_t size;
    unsigned char *data = read_bytes(in_scratch("whole.png"), &size);
    char *value;
    for (size_t cut = 0; cut < size; cut += cut < 100 ? 1 : 37) {
        unsigned char *exact = malloc(cut + 1); /* so that a sanitiser sees the end */
        memcpy(exact, data, cut);
        write_file(in_scratch("cut.png"), exact, cut);
        imp_image_read_text(in_scratch("cut.png"), "key", &value, NULL);
        free(value);
        free(exact);
    }
    for (size_t at = 33; at < 33 + 30; at++) {
        data[at] ^= 0x81;
        write_file(in_scratch("flipped.png"), data, size);
        data[at] ^= 0x81;
        imp_image_read_text(in_scratch("flipped.png"), "key", &value, NULL);
        free(value);
    }
    data[33 + 8 + 9] ^= 1; /* within the value: the checksum tells */
    write_file(in_scratch("flipped.png"), data, size);
    FAILS(IMP_ERROR_FORMAT, "checksum", imp_image_read_text(in_scratch("flipped.png"), "key", &value, error));
    free(data);
    imp_image_free(&image);
}

/* ---- When writing fails ---- */

static int files_in(const char *folder) {
    DIR *directory = opendir(folder);
    int count = 0;
    while (directory && readdir(directory)) count++;
    if (directory) closedir(directory);
    return count;
}

static void failing_leaves_the_old_file(void **state) {
    (void)state;
    ImpImage *image = golden_picture(4, 4, 1), *wide, *read;
    OK(imp_image_write(image, in_scratch("old.webp"), &(ImpImageWriteOptions){.format = "png"}, error));
    int files = files_in(scratch);
    OK(imp_image_new(16384, 1, &wide, error));
    FAILS(IMP_ERROR_UNSUPPORTED, "16383", imp_image_write(wide, in_scratch("old.webp"), NULL, error));
    imp_alloc_fail_after(1);
    assert_int_equal(imp_image_write(image, in_scratch("old.webp"), NULL, NULL), IMP_ERROR_MEMORY);
    imp_alloc_fail_after(-1);
    OK(imp_image_read(in_scratch("old.webp"), 0, &read, error));
    assert_true(image_difference(image, read) == 0);
    assert_int_equal(files_in(scratch), files);
    imp_image_free(&read);
    imp_image_free(&wide);
    imp_image_free(&image);
}

static void no_memory_is_an_error(void **state) {
    (void)state;
    ImpImage *image = with_alpha(golden_picture(4, 4, 1));
    ImpImageText text = {"key", "value"};
    ImpImageWriteOptions options = {.texts = &text, .n_texts = 1};
    int files = files_in(scratch);
    for (long calls = 0;; calls++) {
        imp_alloc_fail_after(calls);
        ImpStatus status = imp_image_write(image, in_scratch("memory.png"), &options, NULL);
        imp_alloc_fail_after(-1);
        if (status == IMP_OK) break;
        assert_int_equal(status, IMP_ERROR_MEMORY);
        assert_int_equal(files_in(scratch), files);
        assert_true(calls < 100);
    }
    imp_image_free(&image);
}

static void places_that_cannot_be_written(void **state) {
    (void)state;
    ImpImage *image = plain_picture(2, 2, 0, 0, 0);
    char folder[256], nowhere[300], within[300], file_as_folder[300];
    strcpy(folder, in_scratch("folder.png"));
    snprintf(nowhere, sizeof nowhere, "%s/none/x.png", scratch);
    snprintf(within, sizeof within, "%s/x.png", folder);
    snprintf(file_as_folder, sizeof file_as_folder, "%s/x.png", in_scratch("plain"));
    write_file(in_scratch("plain"), "x", 1);
    assert_int_equal(mkdir(folder, 0755), 0);
    const char *const paths[] = {folder, nowhere, file_as_folder, ""};
    for (int i = 0; i < 3; i++) {
        FAILS(IMP_ERROR_IO, paths[i], imp_image_write(image, paths[i], NULL, error));
        FAILS(IMP_ERROR_IO, paths[i], imp_image_check_writable(paths[i], NULL, error));
    }
    FAILS(IMP_ERROR_ARGUMENT, "", imp_image_write(image, paths[3], NULL, error));
    assert_int_equal(chmod(folder, 0555), 0);
    bool root = geteuid() == 0;
    if (root) assert_int_equal(chmod(scratch, 0755) + seteuid(65534), 0);
    ImpStatus status = imp_image_write(image, within, NULL, NULL);
    if (root) assert_int_equal(seteuid(0), 0);
    assert_int_equal(status, IMP_ERROR_IO);
    assert_int_equal(files_in(folder), 2);
    imp_image_free(&image);
}

/* A device node of our own, since a writer that is wrong, run by root, would replace the system's; other users cannot
 * harm that one. */
static const char *device(const char *name, unsigned number) {
    static char system_path[2][32];
    if (geteuid() != 0) {
        char *path = system_path[number == 7];
        snprintf(path, sizeof system_path[0], "/dev/%s", name);
        return access(path, W_OK) == 0 ? path : NULL;
    }
    const char *path = in_scratch(name);
    if (mknod(path, S_IFCHR | 0600, makedev(1, number)) != 0) return NULL;
    FILE *file = fopen(path, "wb"); /* the file system may forbid devices */
    if (file) fclose(file);
    return file ? path : NULL;
}

/* A device stays a device, and one that is full is an error. */
static void devices(void **state) {
    (void)state;
    const char *null = device("null", 3), *full = device("full", 7);
    if (!null || !full) {
        print_message("skipped: no devices\n");
        skip();
    }
    ImpImage *image = golden_picture(64, 64, 0);
    ImpImageWriteOptions png = {.format = "png"};
    OK(imp_image_check_writable(null, &png, error));
    OK(imp_image_write(image, null, &png, error));
    struct stat info;
    assert_int_equal(stat(null, &info), 0);
    assert_true(S_ISCHR(info.st_mode));
    FAILS(IMP_ERROR_IO, "No space left", imp_image_write(image, full, &png, error));
    imp_image_free(&image);
}

static void full_disk_leaves_nothing(void **state) {
    (void)state;
    const char *disk = in_scratch("disk");
    assert_int_equal(mkdir(disk, 0755), 0);
    if (mount("none", disk, "tmpfs", 0, "size=64k") != 0) {
        print_message("skipped: no right to mount\n");
        skip();
    }
    char path[300];
    snprintf(path, sizeof path, "%s/x.tif", disk);
    ImpImage *small = golden_picture(8, 8, 0), *large = golden_picture(400, 400, 0), *read = NULL;
    for (uint32_t i = 0, x = 1; i < 480000; i++, x = x * 1664525 + 1013904223) large->rgb[i] = (float)(x >> 16) / 65535;
    ImpStatus before = imp_image_write(small, path, NULL, NULL);
    ImpError error = {IMP_OK, ""};
    ImpStatus status = imp_image_write(large, path, NULL, &error);
    int files = files_in(disk);
    ImpStatus after = imp_image_read(path, 0, &read, NULL);
    umount(disk);
    assert_int_equal(before, IMP_OK);
    assert_int_equal(status, IMP_ERROR_IO);
    assert_non_null(strstr(error.message, "No space left"));
    assert_int_equal(files, 3); /* ., .., and the old picture */
    assert_int_equal(after, IMP_OK);
    assert_true(image_difference(small, read) == 0);
    imp_image_free(&read);
    imp_image_free(&small);
    imp_image_free(&large);
}

static void standard_output(void **state) {
    (void)state;
    ImpImage *image = golden_picture(40, 30, 1), *read;
    ImpImageWriteOptions png = {.format = "png"};
    fflush(stdout);
    int former = dup(1), file = open(in_scratch("out.png"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(file, 1);
    ImpStatus status = imp_image_write(image, "-", &png, NULL);
    int full = open("/dev/full", O_WRONLY);
    dup2(full, 1);
    ImpStatus onto_full = imp_image_write(image, "-", &png, NULL);
    dup2(former, 1);
    close(full);
    close(file);
    close(former);
    assert_int_equal(status, IMP_OK);
    if (full >= 0) assert_int_equal(onto_full, IMP_ERROR_IO);
    OK(imp_image_read(in_scratch("out.png"), 0, &read, error));
    assert_true(image_difference(image, read) == 0);
    OK(imp_image_check_writable("-", &png, error));
    imp_image_free(&read);
    imp_image_free(&image);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lossless_formats_keep_every_bit),
        cmocka_unit_test(all_values_of_both_depths),
        cmocka_unit_test(values_are_rounded_to_nearest),
        cmocka_unit_test(lossy_formats_come_close),
        cmocka_unit_test(depth_goes_by_options_and_format),
        cmocka_unit_test(quality_has_an_effect),
        cmocka_unit_test(files_carry_the_srgb_profile),
        cmocka_unit_test(jpeg_is_flattened_onto_white),
        cmocka_unit_test(alpha_survives),
        cmocka_unit_test(odd_values_are_clamped),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(texts_are_kept),
        cmocka_unit_test(damaged_texts),
        cmocka_unit_test(failing_leaves_the_old_file),
        cmocka_unit_test(no_memory_is_an_error),
        cmocka_unit_test(places_that_cannot_be_written),
        cmocka_unit_test(devices),
        cmocka_unit_test(full_disk_leaves_nothing),
        cmocka_unit_test(standard_output),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
