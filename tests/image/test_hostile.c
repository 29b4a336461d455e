/* Files that are not what they claim to be: every one an error with one sentence, nothing printed, no crash. */
#include "fixture.h"

#include "base/random.h"
#include "image/png_chunk.h"
#include <fcntl.h>
#include <sys/stat.h>

static int quiet_error = -1;

/* From here on what is printed on standard error goes to a file, which must be empty at the end. */
static int start(void **state) {
    int result = make_scratch(state);
    quiet_error = dup(2);
    int file = open(in_scratch("printed"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(file, 2);
    close(file);
    return result;
}

static void nothing_was_printed(void **state) {
    (void)state;
    size_t size;
    unsigned char *printed = read_bytes(in_scratch("printed"), &size);
    dup2(quiet_error, 2);
    if (size > 0) fail_msg("printed: %.*s", (int)size, (const char *)printed);
    free(printed);
}

static void refused(ImpStatus status, const char *part, const char *path) {
    ImpImage *image = (ImpImage *)(uintptr_t)16;
    FAILS(status, part, imp_image_read(path, 0, &image, error));
    assert_null(image);
}

static void no_pictures(void **state) {
    (void)state;
    write_file(in_scratch("text.jpg"), "This is no picture.\n", 20);
    refused(IMP_ERROR_FORMAT, "it is text", in_scratch("text.jpg"));
    write_file(in_scratch("empty.png"), "", 0);
    refused(IMP_ERROR_FORMAT, "empty", in_scratch("empty.png"));
    write_file(in_scratch("page.png"), "%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", 15);
    refused(IMP_ERROR_FORMAT, "PDF", in_scratch("page.png"));
    write_file(in_scratch("drawing.jpg"), "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", 61);
    refused(IMP_ERROR_FORMAT, "SVG", in_scratch("drawing.jpg"));
    write_file(in_scratch("bytes.webp"), "\0\1\2\3\4\5\6\7", 8);
    refused(IMP_ERROR_FORMAT, "no format", in_scratch("bytes.webp"));
    refused(IMP_ERROR_IO, "No such file", in_scratch("missing.jpg"));
    refused(IMP_ERROR_IO, "folder", scratch);
    refused(IMP_ERROR_IO, "", "");
    refused(IMP_ERROR_IO, "no regular file", "/dev/zero");
    ImpImage *image;
    FAILS(IMP_ERROR_ARGUMENT, "longest side", imp_image_read(in_scratch("text.jpg"), -1, &image, error));
}

/* The magic bytes of each format and nothing good behind them. */
static void magic_and_nothing(void **state) {
    (void)state;
    const struct {
        const char *bytes;
        size_t size;
    } heads[] = {{"\x89PNG\r\n\x1a\n", 8},
                 {"\xff\xd8\xff\xe0", 4},
                 {"RIFF\x10\0\0\0WEBPVP8 ", 16},
                 {"II*\0\x08\0\0\0", 8},
                 {"MM\0*\0\0\0\x08", 8},
                 {"GIF89a\1\0\1\0\0\0\0", 13},
                 {"\0\0\0\x18"
                  "ftypavif",
                  12},
                 {"\0\0\0\x18"
                  "ftypheic",
                  12},
                 {"II+\0\x08\0\0\0", 8}};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        unsigned char padded[600] = {0};
        memcpy(padded, heads[i].bytes, heads[i].size);
        write_file(in_scratch("head"), padded, heads[i].size);
        refused(IMP_ERROR_FORMAT, "head", in_scratch("head"));
        write_file(in_scratch("head"), padded, sizeof padded);
        refused(IMP_ERROR_FORMAT, "head", in_scratch("head"));
    }
}

/* A small file that claims to be huge is refused by its header. */
static void bombs(void **state) {
    (void)state;
    ImpImage *image = golden_picture(8, 8, 1);
    OK(imp_image_write(image, in_scratch("bomb.png"), NULL, error));
    size_t size;
    unsigned char *data = read_bytes(in_scratch("bomb.png"), &size);
    const uint32_t sizes[][2] = {{60000, 60000}, {70000, 10}, {10, 900000}, {0x7fffffff, 0x7fffffff}, {65535, 4097}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        imp_png_write_u32(data + 16, sizes[i][0]);
        imp_png_write_u32(data + 20, sizes[i][1]);
        imp_png_write_u32(data + 29, imp_png_crc(data + 12, 17));
        write_file(in_scratch("bomb.png"), data, size);
        refused(i < 3 || i == 4 ? IMP_ERROR_UNSUPPORTED : IMP_ERROR_FORMAT, "bomb", in_scratch("bomb.png"));
    }
    free(data);
    OK(imp_image_write(image, in_scratch("bomb.jpg"), NULL, error));
    data = read_bytes(in_scratch("bomb.jpg"), &size);
    for (size_t i = 0; i + 9 < size; i++) {
        if (data[i] != 0xff || data[i + 1] != 0xc0) continue;
        memcpy(data + i + 5, "\xff\xdc\xff\xdc", 4); /* height and width of the frame: 65500 */
        break;
    }
    write_file(in_scratch("bomb.jpg"), data, size);
    refused(IMP_ERROR_UNSUPPORTED, "65500x65500", in_scratch("bomb.jpg"));
    free(data);
    imp_image_free(&image);
}

static const char *const names[] = {"v.png", "v.jpg", "v.webp", "v.tif", "v.gif"};
enum { N_NAMES = sizeof names / sizeof *names };

/* A file that is cut is an error, unless all of its pixels are there: TIFF may have its profile at the end. */
static void check_cut(const char *name, const unsigned char *data, size_t size, size_t cut, const ImpImage *whole) {
    ImpError why = {IMP_OK, ""};
    ImpImage *read;
    ImpStatus status = imp_image_read_memory(data, cut, "cut", 0, &read, &why);
    bool complete = status == IMP_OK && image_difference(read, whole) == 0 && strstr(name, ".tif");
    if (!complete && (status != IMP_ERROR_FORMAT || strchr(why.message, '\n')))
        fail_msg("%s cut to %zu of %zu bytes: %s: %s", name, cut, size, imp_status_name(status), why.message);
    imp_image_free(&read);
    if (!complete) FAILS(IMP_ERROR_FORMAT, "cut", imp_image_read_memory(data, cut, "cut", 16, &read, error));
}

static void cut_short(void **state) {
    (void)state;
    ImpImage *image = golden_picture(64, 48, 1), *whole;
    ImpRandom random;
    imp_random_seed(&random, 2);
    for (size_t i = 0; i < 3 * pixels_of(image); i++) image->rgb[i] = (float)imp_random_uniform(&random);
    for (int k = 0; k < N_NAMES; k++) {
        OK(imp_image_write(image, in_scratch(names[k]), NULL, error));
        OK(imp_image_read(in_scratch(names[k]), 0, &whole, error));
        size_t size;
        unsigned char *data = read_bytes(in_scratch(names[k]), &size);
        for (int part = 0; part < 40; part++) check_cut(names[k], data, size, size * (size_t)part / 40, whole);
        check_cut(names[k], data, size, size - 40, whole);
        free(data);
        imp_image_free(&whole);
    }
    imp_image_free(&image);
}

/* Damage in the very last row, which libvips alone reports to nobody. */
static void damaged_at_the_end(void **state) {
    (void)state;
    ImpImage *image = golden_picture(300, 1000, 1), *read;
    OK(imp_image_write(image, in_scratch("end.png"), NULL, error));
    size_t size;
    unsigned char *data = read_bytes(in_scratch("end.png"), &size);
    data[size - 12 - 4 - 3] ^= 0x10; /* before IEND and the CRC of the last IDAT */
    for (int i = 0; i < 20; i++)
        FAILS(IMP_ERROR_FORMAT, "damaged", imp_image_read_memory(data, size, "end", i % 2 * 100, &read, error));
    free(data);
    imp_image_free(&image);
}

/* Bytes changed at random: anything but a crash; under a sanitiser this is a small fuzzer. */
static void random_damage(void **state) {
    (void)state;
    ImpImage *image = golden_picture(40, 30, 1), *read;
    OK(imp_image_add_alpha(image, error));
    image->alpha[7] = 0.5f;
    ImpImageText text = {"impasto-recipe", "{}"};
    ImpImageWriteOptions options = {.texts = &text, .n_texts = 1};
    ImpRandom random;
    imp_random_seed(&random, 1);
    for (int k = 0; k < N_NAMES; k++) {
        OK(imp_image_write(image, in_scratch(names[k]), &options, error));
        size_t size;
        unsigned char *data = read_bytes(in_scratch(names[k]), &size), *damaged = malloc(size);
        for (int round = 0; round < 100; round++) {
            memcpy(damaged, data, size);
            size_t reach = round % 2 ? size : size < 200 ? size : 200; /* headers more often than pixels */
            for (uint64_t n = 1 + imp_random_below(&random, 4); n > 0; n--)
                damaged[imp_random_below(&random, reach)] = (unsigned char)imp_random_next(&random);
            ImpError error = {IMP_OK, ""};
            ImpStatus status = imp_image_read_memory(damaged, size, "damaged", 20, &read, &error);
            assert_true((status == IMP_OK) == (read != NULL));
            if (status != IMP_OK) assert_true(*error.message && !strchr(error.message, '\n'));
            imp_image_free(&read);
        }
        free(damaged);
        free(data);
    }
    imp_image_free(&image);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_pictures),         cmocka_unit_test(magic_and_nothing),  cmocka_unit_test(bombs),
        cmocka_unit_test(cut_short),           cmocka_unit_test(damaged_at_the_end), cmocka_unit_test(random_damage),
        cmocka_unit_test(nothing_was_printed),
    };
    return cmocka_run_group_tests(tests, start, remove_scratch);
}
