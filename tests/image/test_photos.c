/* Photographs as a stream: the same bytes for a seed and a step, whatever the threads, the timing and the past. */
#include "fixture.h"

#include "base/hash.h"
#include "image/photos.h"
#include <sys/stat.h>
#include <unistd.h>

enum { SIDE = 8, BATCH = 3, FLOATS = BATCH * 3 * SIDE * SIDE };

static void make_folder(const char *name) {
    if (mkdir(in_scratch(name), 0777) != 0) fail_msg("%s", name);
}

static void make_photo(const char *name, int width, int height, int salt) {
    ImpImage *image = golden_picture(width, height, salt);
    OK(imp_image_write(image, in_scratch(name), NULL, error));
    imp_image_free(&image);
}

static void make_text(const char *name, const char *text) {
    write_file(in_scratch(name), text, strlen(text));
}

/* The first bytes of a PNG and nothing else. */
static void make_broken(const char *name) {
    write_file(in_scratch(name), "\x89PNG\r\n\x1a\n????????????", 20);
}

/* good/: seven photographs of all sizes, below each other, among other things. */
static int make_good(void **state) {
    if (make_scratch(state) != 0) return -1;
    make_folder("good");
    make_folder("good/inner");
    make_folder("good/inner/deep");
    make_folder("good/.hidden");
    make_photo("good/b.png", 20, 30, 1);
    make_photo("good/a.png", 1, 1, 2);
    make_photo("good/inner/c.jpg", 90, 50, 3);
    make_photo("good/inner/deep/d.webp", 33, 8, 4);
    make_photo("good/e.tif", 9, 9, 5);
    make_photo("good/inner/f.png", 8, 200, 6);
    make_photo("good/g.png", 12, 12, 7);
    make_photo("good/.hidden/h.png", 12, 12, 8);
    make_photo("good/.i.png", 12, 12, 9);
    make_text("good/readme.txt", "these are photographs");
    make_text("good/fake.jpg", "not a photograph");
    rename(in_scratch("good/g.png"), in_scratch("good/without extension"));
    return 0;
}

typedef struct Notices {
    int count;
    char text[8][IMP_ERROR_MESSAGE_SIZE];
} Notices;

static void take_notice(void *context, const char *sentence) {
    Notices *notices = context;
    if (notices->count < 8) snprintf(notices->text[notices->count], sizeof notices->text[0], "%s", sentence);
    notices->count++;
}

static ImpPhotos *open_photos(const char *folder, uint64_t seed, int threads, int ahead, Notices *notices) {
    const char *path = in_scratch(folder);
    ImpPhotosOptions options = imp_photos_defaults();
    options.paths = &path;
    options.n_paths = 1;
    options.seed = seed;
    options.crop = SIDE;
    options.batch = BATCH;
    options.threads = threads;
    options.ahead = ahead;
    options.notice = notices ? take_notice : NULL;
    options.context = notices;
    ImpPhotos *photos;
    OK(imp_photos_new(&options, &photos, error));
    return photos;
}

static void next(ImpPhotos *photos, float *out) {
    OK(imp_photos_next(photos, out, error));
}

/* The first `steps` batches, to be freed. */
static float *stream_of(const char *folder, uint64_t seed, int threads, int ahead, int steps) {
    ImpPhotos *photos = open_photos(folder, seed, threads, ahead, NULL);
    float *all = malloc((size_t)steps * FLOATS * sizeof *all);
    for (int s = 0; s < steps; s++) next(photos, all + s * FLOATS);
    assert_int_equal(imp_photos_step(photos), steps);
    imp_photos_free(&photos);
    assert_null(photos);
    return all;
}

enum { STEPS = 12 };

static void streams_do_not_depend_on_threads(void **state) {
    (void)state;
    float *one = stream_of("good", 5, 1, 1, STEPS);
    static const int ways[][2] = {{1, 3}, {2, 2}, {5, 4}, {3, 1}, {7, 20}};
    for (int k = 0; k < 5; k++) {
        float *other = stream_of("good", 5, ways[k][0], ways[k][1], STEPS);
        assert_memory_equal(one, other, STEPS * FLOATS * sizeof *one);
        free(other);
    }
    float *other = stream_of("good", 6, 2, 2, STEPS);
    assert_memory_not_equal(one, other, STEPS * FLOATS * sizeof *one);
    free(other);
    for (int i = 0; i < STEPS * FLOATS; i++) assert_true(one[i] >= 0 && one[i] <= 1);
    free(one);
}

static void resumed_streams_are_the_same(void **state) {
    (void)state;
    float *whole = stream_of("good", 9, 2, 3, STEPS), batch[FLOATS];
    for (int from = 0; from <= STEPS - 1; from += 4) {
        ImpPhotos *photos = open_photos("good", 9, 3, 2, NULL);
        imp_photos_seek(photos, from);
        for (int s = from; s < STEPS; s++) {
            next(photos, batch);
            assert_memory_equal(batch, whole + s * FLOATS, sizeof batch);
        }
        imp_photos_free(&photos);
    }
    ImpPhotos *photos = open_photos("good", 9, 3, 3, NULL); /* to and fro within one stream */
    static const int jumps[] = {7, 2, 2, 11, 0, 5};
    for (int k = 0; k < 6; k++) {
        imp_photos_seek(photos, jumps[k]);
        assert_int_equal(imp_photos_step(photos), jumps[k]);
        next(photos, batch);
        assert_memory_equal(batch, whole + jumps[k] * FLOATS, sizeof batch);
    }
    imp_photos_seek(photos, (INT64_C(1) << 50) / BATCH);
    next(photos, batch);
    imp_photos_free(&photos);
    free(whole);
}

/* plain/: six photographs of one colour each, so that a sample says which one it is. */
static void make_plain(void) {
    make_folder("plain");
    for (int i = 0; i < 6; i++) {
        char name[32];
        snprintf(name, sizeof name, "plain/%d.png", i);
        ImpImage *image = plain_picture(16, 11, (float)i / 10, 0.5F, 1);
        OK(imp_image_write(image, in_scratch(name), NULL, error));
        imp_image_free(&image);
    }
}

static int colour_of(const float *sample) {
    return (int)lround(10 * (double)sample[0]);
}

static void every_epoch_has_every_photograph(void **state) {
    (void)state;
    make_plain();
    enum { EPOCHS = 40 };
    float *all = stream_of("plain", 1, 2, 3, 2 * EPOCHS);
    int first[6] = {0}, orders = 0;
    for (int e = 0; e < EPOCHS; e++) {
        int seen = 0;
        for (int k = 0; k < 6; k++) seen |= 1 << colour_of(all + (6 * e + k) * 3 * SIDE * SIDE);
        assert_int_equal(seen, 63);
        first[colour_of(all + 6 * e * 3 * SIDE * SIDE)]++;
        for (int k = 0; e > 0 && k < 6; k++)
            if (colour_of(all + (6 * e + k) * 3 * SIDE * SIDE) != colour_of(all + k * 3 * SIDE * SIDE)) {
                orders++;
                break;
            }
    }
    assert_true(orders > EPOCHS / 2);
    for (int k = 0; k < 6; k++) assert_true(first[k] > 0 && first[k] < EPOCHS / 2);
    free(all);
}

/* One photograph whose colours say where a pixel came from: sizes, places and mirrorings are spread as they should be.
 */
static void squares_are_drawn_evenly(void **state) {
    (void)state;
    make_folder("ramp");
    ImpImage *image;
    OK(imp_image_new(64, 64, &image, error));
    for (size_t y = 0; y < 64; y++)
        for (size_t x = 0; x < 64; x++) {
            image->rgb[64 * y + x] = (float)(x + 0.5) / 64;
            image->rgb[4096 + 64 * y + x] = (float)(y + 0.5) / 64;
        }
    OK(imp_image_write(image, in_scratch("ramp/r.png"), NULL, error));
    imp_image_free(&image);
    enum { COUNT = 200 };
    float *all = stream_of("ramp", 3, 2, 4, COUNT);
    int mirrored = 0, small = 0, large = 0, quarter[4] = {0};
    double widest = 0, narrowest = 1;
    for (int k = 0; k < COUNT * BATCH; k++) {
        const float *red = all + k * 3 * SIDE * SIDE, *green = red + SIDE * SIDE;
        double step = (double)(red[SIDE * 4 + 5] - red[SIDE * 4 + 2]) / 3,
               height = (double)(green[5 * SIDE] - green[2 * SIDE]) / 3;
        if (step < 0) mirrored++;
        assert_true(fabs(fabs(step) - height) < 0.02);
        double size = 1 / fabs(height) / SIDE; /* short side over the square's */
        widest = fmax(widest, size);
        narrowest = fmin(narrowest, size);
        if (size < 1.25) small++;
        if (size > 1.25) large++;
        double x = ((double)red[SIDE * 4 + 3] + (double)red[SIDE * 4 + 4]) / 2;
        double y = ((double)green[SIDE * 3] + (double)green[SIDE * 4]) / 2;
        if (fabs(x - 0.5) > 0.01 && fabs(y - 0.5) > 0.01) quarter[(x > 0.5) + 2 * (y > 0.5)]++;
    }
    assert_true(widest < 1.55 && widest > 1.4 && narrowest > 0.95 && narrowest < 1.1);
    assert_true(mirrored > COUNT * BATCH / 3 && mirrored < COUNT * BATCH * 2 / 3);
    assert_true(small > COUNT * BATCH / 3 && large > COUNT * BATCH / 3);
    int placed = quarter[0] + quarter[1] + quarter[2] + quarter[3];
    for (int q = 0; q < 4; q++) assert_true(quarter[q] > placed / 6 && quarter[q] < placed / 3);
    free(all);
}

static void broken_photographs_are_replaced(void **state) {
    (void)state;
    make_folder("mixed");
    make_broken("mixed/2-first broken.png");
    make_broken("mixed/3-second broken.png");
    make_broken("mixed/9-last broken.png");
    for (int i = 0; i < 2; i++) {
        ImpImage *image = plain_picture(10, 10, i ? 0.5F : 0.1F, 0, 0);
        OK(imp_image_write(image, in_scratch(i ? "mixed/5.png" : "mixed/1.png"), NULL, error));
        imp_image_free(&image);
    }
    Notices notices[3] = {0};
    float *streams[3];
    for (int k = 0; k < 3; k++) {
        ImpPhotos *photos = open_photos("mixed", 1, 2 * k + 1, k + 1, &notices[k]);
        assert_int_equal(imp_photos_count(photos), 5);
        streams[k] = malloc(10 * FLOATS * sizeof(float));
        for (int s = 0; s < 10; s++) next(photos, streams[k] + s * FLOATS);
        imp_photos_free(&photos);
        assert_memory_equal(streams[k], streams[0], 10 * FLOATS * sizeof(float));
        assert_int_equal(notices[k].count, 3);
        for (int i = 0; i < 3; i++) {
            assert_string_equal(notices[k].text[i], notices[0].text[i]);
            assert_non_null(strstr(notices[k].text[i], "broken.png"));
        }
    }
    int counts[6] = {0}; /* 1 stands for itself and 9; 5 for itself, 2 and 3 */
    for (int k = 0; k < 30; k++) counts[colour_of(streams[0] + k * 3 * SIDE * SIDE)]++;
    assert_int_equal(counts[1], 12);
    assert_int_equal(counts[5], 18);
    for (int k = 0; k < 3; k++) free(streams[k]);
}

static void nothing_but_broken_ones_is_an_error(void **state) {
    (void)state;
    make_folder("broken");
    make_broken("broken/a.png");
    Notices notices = {0};
    float batch[FLOATS];
    ImpPhotos *photos = open_photos("broken", 1, 2, 2, &notices);
    FAILS(IMP_ERROR_FORMAT, "the only photograph", imp_photos_next(photos, batch, error));
    imp_photos_free(&photos);
    make_broken("broken/b.png");
    make_broken("broken/c.png");
    photos = open_photos("broken", 1, 3, 2, &notices);
    for (int k = 0; k < 3; k++)
        FAILS(IMP_ERROR_FORMAT, "none of the 3 photographs", imp_photos_next(photos, batch, error));
    assert_int_equal(imp_photos_step(photos), 0);
    make_photo("broken/b.png", 9, 9, 1); /* mended while it runs */
    next(photos, batch);
    next(photos, batch);
    imp_photos_free(&photos);
}

static void empty_folders_are_an_error(void **state) {
    (void)state;
    make_folder("empty");
    make_folder("words");
    make_text("words/a.jpg", "no photograph");
    const char *paths[2] = {in_scratch("empty"), in_scratch("words")};
    ImpPhotosOptions options = imp_photos_defaults();
    ImpPhotos *photos;
    options.paths = paths;
    FAILS(IMP_ERROR_ARGUMENT, "no photographs", imp_photos_new(&options, &photos, error));
    options.n_paths = 1;
    FAILS(IMP_ERROR_ARGUMENT, "/empty;", imp_photos_new(&options, &photos, error));
    options.n_paths = 2;
    FAILS(IMP_ERROR_ARGUMENT, "/empty and the other", imp_photos_new(&options, &photos, error));
    paths[1] = in_scratch("nowhere");
    FAILS(IMP_ERROR_IO, "nowhere", imp_photos_new(&options, &photos, error));
    paths[1] = in_scratch("words/a.jpg");
    FAILS(IMP_ERROR_FORMAT, "it is text", imp_photos_new(&options, &photos, error));
    paths[1] = "/dev/null";
    FAILS(IMP_ERROR_FORMAT, "device", imp_photos_new(&options, &photos, error));
    assert_null(photos);
}

static void impossible_options_are_refused(void **state) {
    (void)state;
    const char *path = in_scratch("good");
    for (int k = 0; k < 10; k++) {
        ImpPhotosOptions o = imp_photos_defaults();
        o.paths = &path;
        o.n_paths = 1;
        if (k == 0) o.crop = 0;
        if (k == 1) o.crop = 4097;
        if (k == 2) o.batch = 0;
        if (k == 3) o.batch = 1025;
        if (k == 4) o.largest = 0.9;
        if (k == 5) o.largest = (double)NAN;
        if (k == 6) o.threads = -1;
        if (k == 7) o.threads = 65;
        if (k == 8) o.ahead = 0;
        if (k == 9) o.ahead = 65;
        ImpPhotos *photos;
        FAILS(IMP_ERROR_ARGUMENT, "give", imp_photos_new(&o, &photos, error));
        assert_null(photos);
    }
}

static void lists_are_in_order(void **state) {
    (void)state;
    const char *paths[] = {in_scratch("good/inner/c.jpg"), in_scratch("good")};
    ImpPhotoList list;
    OK(imp_photo_list_new(paths, 2, NULL, NULL, &list, error));
    static const char *const wanted[] = {
        "inner/c.jpg",      "a.png", "b.png", "e.tif", "inner/c.jpg", "inner/deep/d.webp", "inner/f.png",
        "without extension"};
    assert_int_equal(list.count, 8);
    for (size_t i = 0; i < 8; i++) assert_string_equal(list.paths[i] + strlen(paths[1]) + 1, wanted[i]);
    imp_photo_list_free(&list);
    imp_photo_list_free(&list);
}

static void fingerprints_tell_folders_apart(void **state) {
    (void)state;
    make_folder("one");
    make_folder("two");
    make_photo("one/a.png", 9, 9, 1);
    make_photo("two/a.png", 9, 9, 1);
    ImpPhotos *one = open_photos("one", 1, 1, 1, NULL), *two = open_photos("two/", 1, 1, 1, NULL);
    assert_string_equal(imp_photos_fingerprint(one), imp_photos_fingerprint(two));
    imp_photos_free(&two);
    make_photo("two/b.png", 9, 9, 1);
    two = open_photos("two", 1, 1, 1, NULL);
    assert_string_not_equal(imp_photos_fingerprint(one), imp_photos_fingerprint(two));
    imp_photos_free(&one);
    imp_photos_free(&two);
}

static void links_are_followed_but_not_round(void **state) {
    (void)state;
    make_folder("links");
    make_folder("links/inner");
    make_photo("links/inner/a.png", 9, 9, 1);
    assert_int_equal(symlink("..", in_scratch("links/inner/up")), 0);
    assert_int_equal(symlink("inner", in_scratch("links/other")), 0);
    assert_int_equal(symlink("inner/a.png", in_scratch("links/b.png")), 0);
    assert_int_equal(symlink("nowhere", in_scratch("links/c.png")), 0);
    assert_int_equal(mkfifo(in_scratch("links/pipe"), 0600), 0);
    const char *path = in_scratch("links");
    ImpPhotoList list;
    OK(imp_photo_list_new(&path, 1, NULL, NULL, &list, error));
    assert_int_equal(list.count, 3); /* b.png, inner/a.png, other/a.png */
    imp_photo_list_free(&list);
}

static void folders_that_cannot_be_read_are_named(void **state) {
    (void)state;
    if (geteuid() == 0) {
        print_message("skipped: root may read everything\n");
        skip();
    }
    make_folder("locked");
    make_folder("locked/inner");
    make_photo("locked/a.png", 9, 9, 1);
    chmod(in_scratch("locked/inner"), 0);
    Notices notices = {0};
    ImpPhotos *photos = open_photos("locked", 1, 1, 1, &notices);
    chmod(in_scratch("locked/inner"), 0700);
    assert_int_equal(notices.count, 1);
    assert_non_null(strstr(notices.text[0], "locked/inner"));
    imp_photos_free(&photos);
}

/* Freed at any moment: before the first batch, in the middle, with all slots full. */
static void streams_end_at_any_time(void **state) {
    (void)state;
    float batch[FLOATS];
    for (int k = 0; k < 12; k++) {
        ImpPhotos *photos = open_photos("good", 1, 3, 4, NULL);
        for (int s = 0; s < k / 3; s++) next(photos, batch);
        if (k % 3 == 1) imp_photos_seek(photos, 3);
        if (k % 3 == 2) usleep(2000);
        imp_photos_free(&photos);
    }
    ImpPhotos *none = NULL;
    imp_photos_free(&none);
}

static void missing_memory_is_an_error(void **state) {
    (void)state;
    const char *path = in_scratch("good");
    ImpPhotosOptions options = imp_photos_defaults();
    options.paths = &path;
    options.n_paths = 1;
    for (int k = 0;; k++) {
        ImpPhotos *photos;
        imp_alloc_fail_after(k);
        ImpStatus status = imp_photos_new(&options, &photos, NULL);
        imp_alloc_fail_after(-1);
        imp_photos_free(&photos);
        if (status == IMP_OK) break;
        assert_int_equal(status, IMP_ERROR_MEMORY);
    }
    float *one = stream_of("good", 5, 2, 2, 3), batch[FLOATS];
    ImpPhotos *photos = open_photos("good", 5, 1, 1, NULL);
    imp_alloc_fail_after(0);
    ImpStatus status = imp_photos_next(photos, batch, NULL);
    imp_alloc_fail_after(-1);
    assert_int_equal(status, IMP_ERROR_MEMORY);
    for (int s = 0; s < 3; s++) {
        ImpError error = {0};
        if (imp_photos_next(photos, batch, &error) != IMP_OK) { /* what was begun without memory */
            assert_int_equal(error.status, IMP_ERROR_MEMORY);
            next(photos, batch);
        }
        assert_memory_equal(batch, one + s * FLOATS, sizeof batch);
    }
    imp_photos_free(&photos);
    free(one);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_do_not_depend_on_threads),
        cmocka_unit_test(resumed_streams_are_the_same),
        cmocka_unit_test(every_epoch_has_every_photograph),
        cmocka_unit_test(squares_are_drawn_evenly),
        cmocka_unit_test(broken_photographs_are_replaced),
        cmocka_unit_test(nothing_but_broken_ones_is_an_error),
        cmocka_unit_test(empty_folders_are_an_error),
        cmocka_unit_test(impossible_options_are_refused),
        cmocka_unit_test(lists_are_in_order),
        cmocka_unit_test(fingerprints_tell_folders_apart),
        cmocka_unit_test(links_are_followed_but_not_round),
        cmocka_unit_test(folders_that_cannot_be_read_are_named),
        cmocka_unit_test(streams_end_at_any_time),
        cmocka_unit_test(missing_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, make_good, remove_scratch);
}
