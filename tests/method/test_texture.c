/* Textures from small exemplars: against a plain implementation, and what has to hold of each model. */
#include "method/support.h"

#include "method/texture/cut.h"
#include "method/texture/neighbourhood.h"
#include "method/texture/settings.h"

/* What the observer of a texture saw and shall do. */
typedef struct Told {
    int64_t stop_at, snapshot_at; /* the first step from this on; 0: never */
    int rows, snapshots, notices;
    ImpProgress last;
    ImpImage *snapshot; /* the last */
    char notice[512];
} Told;

static unsigned on_step(void *context, const ImpProgress *progress) {
    Told *told = context;
    unsigned wishes = IMP_CONTINUE;
    assert_true(progress->step > told->last.step);
    assert_true(progress->step <= progress->steps);
    told->rows++;
    told->last = *progress;
    if (told->stop_at > 0 && progress->step >= told->stop_at) wishes |= IMP_STOP;
    if (told->snapshot_at > 0 && progress->step >= told->snapshot_at) wishes |= IMP_SNAPSHOT;
    if (wishes & IMP_SNAPSHOT) told->snapshot_at = 0;
    return wishes;
}

static void on_picture(void *context, const ImpImage *image, const ImpProgress *progress) {
    Told *told = context;
    (void)progress;
    told->snapshots++;
    must(imp_image_copy(image, &told->snapshot, NULL), NULL);
}

static void on_sentence(void *context, const char *sentence) {
    Told *told = context;
    told->notices++;
    snprintf(told->notice, sizeof told->notice, "%s", sentence);
}

static ImpStatus try(const char *settings, const ImpImage *exemplar, Told *told, ImpResult *result, ImpError *error) {
    ImpParams *params;
    char text[1024];
    snprintf(text, sizeof text, "threads=1;%s", settings);
    must(imp_params_new(&imp_method_find("texture")->params, &params, error), error);
    set_params(params, text);
    ImpPicture picture = {"exemplar", "exemplar.png", exemplar};
    ImpRequest request = {.params = params, .pictures = &picture, .n_pictures = 1};
    if (told) request.observer = (ImpObserver){told, on_step, on_picture, on_sentence};
    *error = (ImpError){0};
    ImpStatus status = imp_method_find("texture")->run(&request, result, error);
    imp_params_free(&params);
    return status;
}

static ImpResult run(const char *settings, const ImpImage *exemplar, Told *told) {
    ImpError error;
    ImpResult result;
    must(try(settings, exemplar, told, &result, &error), &error);
    assert_non_null(result.image);
    return result;
}

/* Irregular tiles of few colours: every place is told from most others. */
static ImpImage *make_exemplar(int width, int height) {
    ImpImage *image = make_picture(width, height, 1);
    ImpRandom random;
    imp_random_seed(&random, 7);
    size_t places = (size_t)width * (size_t)height;
    for (size_t i = 0; i < 3 * places; i++)
        image->rgb[i] = (float)round(((double)image->rgb[i] + 0.2 * imp_random_uniform(&random)) * 200) / 255;
    return image;
}

static float channel(const ImpImage *image, size_t c, size_t place) {
    return image->rgb[c * (size_t)image->width * (size_t)image->height + place];
}

static bool same_colour(const ImpImage *a, size_t at, const ImpImage *b, size_t place) {
    for (size_t c = 0; c < 3; c++)
        if (channel(a, c, at) != channel(b, c, place)) return false;
    return true;
}

/* The number of pixels whose colour the exemplar does not have. */
static int count_foreign(const ImpImage *image, const ImpImage *exemplar) {
    size_t places = (size_t)image->width * (size_t)image->height;
    size_t there = (size_t)exemplar->width * (size_t)exemplar->height;
    int foreign = 0;
    for (size_t i = 0; i < places; i++) {
        size_t j = 0;
        while (j < there && !same_colour(image, i, exemplar, j)) j++;
        foreign += j == there;
    }
    return foreign;
}

/* --- efros-leung, written down plainly ---------------------------------------------------------------------------- */

typedef struct Plain {
    const ImpImage *exemplar;
    int width, height, window;
    double epsilon, max_error;
    ImpRandom random;
    int *source, *list;
    bool *listed;
    int n_list;
} Plain;

static bool plain_there(const Plain *p, int x, int y) {
    return x >= 0 && x < p->width && y >= 0 && y < p->height && p->source[y * p->width + x] >= 0;
}

/* The distance of the window whose middle is (u,v) in the exemplar to what is there around (x,y). */
static double plain_distance(const Plain *p, int x, int y, int u, int v, double *weight) {
    int half = p->window / 2;
    double sum = 0, deviation = p->window / 6.4;
    *weight = 0;
    for (int j = -half; j <= half; j++)
        for (int i = -half; i <= half; i++) {
            if (!plain_there(p, x + i, y + j)) continue;
            size_t there = (size_t)p->source[(y + j) * p->width + x + i];
            size_t other = (size_t)((v + j) * p->exemplar->width + u + i);
            double gauss = exp(-(i * i + j * j) / (2 * deviation * deviation));
            for (size_t c = 0; c < 3; c++) {
                double difference = (double)channel(p->exemplar, c, there) - (double)channel(p->exemplar, c, other);
                sum += gauss * difference * difference;
                *weight += gauss;
            }
        }
    return sum;
}

static bool plain_fill(Plain *p, int place) {
    int half = p->window / 2, columns = p->exemplar->width - 2 * half, rows = p->exemplar->height - 2 * half, n = 0;
    double *distances = test_malloc(sizeof(double) * (size_t)(columns * rows)), weight = 0, least = INFINITY;
    for (int i = 0; i < columns * rows; i++) {
        distances[i] =
            plain_distance(p, place % p->width, place / p->width, i % columns + half, i / columns + half, &weight);
        least = fmin(least, distances[i]);
    }
    for (int i = 0; i < columns * rows; i++) n += distances[i] <= least * (1 + p->epsilon);
    int chosen = (int)imp_random_below(&p->random, (uint64_t)n), at = -1;
    while (chosen >= 0) chosen -= distances[++at] <= least * (1 + p->epsilon);
    bool near = distances[at] < p->max_error * weight;
    if (near) p->source[place] = (at / columns + half) * p->exemplar->width + at % columns + half;
    test_free(distances);
    return near;
}

static void plain_list_around(Plain *p, int place) {
    for (int j = -1; j <= 1; j++)
        for (int i = -1; i <= 1; i++) {
            int x = place % p->width + i, y = place / p->width + j, other = y * p->width + x;
            if (x < 0 || x >= p->width || y < 0 || y >= p->height || p->source[other] >= 0 || p->listed[other])
                continue;
            p->listed[other] = true;
            p->list[p->n_list++] = other;
        }
}

static int plain_known(const Plain *p, int place) {
    int count = 0, half = p->window / 2;
    for (int j = -half; j <= half; j++)
        for (int i = -half; i <= half; i++) count += plain_there(p, place % p->width + i, place / p->width + j);
    return count;
}

/* One pass over what is listed: shuffled, then those that know most first. */
static void plain_pass(Plain *p) {
    int n = p->n_list, *pass = test_malloc(sizeof(int) * (size_t)n), *known = test_malloc(sizeof(int) * (size_t)n);
    bool any = false;
    for (int i = n; i > 1; i--) {
        int j = (int)imp_random_below(&p->random, (uint64_t)i), swap = p->list[i - 1];
        p->list[i - 1] = p->list[j];
        p->list[j] = swap;
    }
    for (int i = 0; i < n; i++) { /* insertion keeps the order of equals */
        int place = p->list[i], count = plain_known(p, place), at = i;
        for (; at > 0 && known[at - 1] < count; at--) {
            pass[at] = pass[at - 1];
            known[at] = known[at - 1];
        }
        pass[at] = place;
        known[at] = count;
    }
    p->n_list = 0;
    for (int i = 0; i < n; i++)
        if (plain_fill(p, pass[i])) {
            any = true;
            plain_list_around(p, pass[i]);
        } else {
            p->list[p->n_list++] = pass[i];
        }
    if (!any) p->max_error *= 1.1;
    test_free(pass);
    test_free(known);
}

static void efros_leung_plainly(Plain *p) {
    int places = p->width * p->height, columns = p->exemplar->width - 2;
    p->source = test_malloc(sizeof(int) * (size_t)places);
    p->list = test_malloc(sizeof(int) * (size_t)places);
    p->listed = test_calloc((size_t)places, sizeof(bool));
    for (int i = 0; i < places; i++) p->source[i] = -1;
    int corner = (int)imp_random_below(&p->random, (uint64_t)(columns * (p->exemplar->height - 2)));
    for (int j = 0; j < 3; j++)
        for (int i = 0; i < 3; i++)
            p->source[((p->height - 3) / 2 + j) * p->width + (p->width - 3) / 2 + i] =
                (corner / columns + j) * p->exemplar->width + corner % columns + i;
    p->n_list = 0;
    for (int i = 0; i < places; i++)
        if (p->source[i] >= 0) plain_list_around(p, i);
    while (p->n_list > 0) plain_pass(p);
}

static void efros_leung_is_what_the_plain_one_is(void **state) {
    (void)state;
    static const struct {
        int width, height, window, seed;
        double epsilon, max_error;
    } cases[] = {
        {24, 20, 7, 0, 0.1, 0.3}, {31, 17, 5, 1, 0.5, 0.3}, {20, 20, 9, 2, 0, 0.3}, {18, 19, 5, 3, 0.1, 0.002}};
    ImpImage *exemplar = make_exemplar(30, 33);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char settings[256];
        Plain plain = {.exemplar = exemplar,
                       .width = cases[i].width,
                       .height = cases[i].height,
                       .window = cases[i].window,
                       .epsilon = cases[i].epsilon,
                       .max_error = cases[i].max_error};
        imp_random_seed(&plain.random, (uint64_t)cases[i].seed);
        efros_leung_plainly(&plain);
        snprintf(settings, sizeof settings, "model=efros-leung;size=%dx%d;window=%d;epsilon=%g;max-error=%g;seed=%d",
                 plain.width, plain.height, plain.window, plain.epsilon, cases[i].max_error, cases[i].seed);
        ImpResult result = run(settings, exemplar, NULL);
        int differ = 0;
        for (size_t place = 0; place < (size_t)(plain.width * plain.height); place++)
            differ += !same_colour(result.image, place, exemplar, (size_t)plain.source[place]);
        if (differ > 0) fail_msg("%s: %d pixels differ", settings, differ);
        if (cases[i].max_error < 0.1) assert_true(plain.max_error > cases[i].max_error); /* some had to wait */
        imp_image_free(&result.image);
        test_free(plain.source);
        test_free(plain.list);
        test_free(plain.listed);
    }
    imp_image_free(&exemplar);
}

/* --- quilting ----------------------------------------------------------------------------------------------------- */

/* The least sum of all paths from row `i`, column `j` on, by trying each. */
static double least_from(const float *error, int along, int across, int i, int j) {
    double rest = i + 1 < along ? INFINITY : 0;
    for (int k = j - 1; k <= j + 1 && i + 1 < along; k++)
        if (k >= 0 && k < across) rest = fmin(rest, least_from(error, along, across, i + 1, k));
    return (double)error[i * across + j] + rest;
}

static void the_cut_is_the_least_of_all(void **state) {
    (void)state;
    ImpRandom random;
    imp_random_seed(&random, 3);
    for (int round = 0; round < 200; round++) {
        float error[7 * 5], sums[7 * 5];
        int along = 1 + (int)imp_random_below(&random, 7), across = 1 + (int)imp_random_below(&random, 5), cut[7];
        for (int i = 0; i < along * across; i++) error[i] = (float)imp_random_below(&random, 10);
        memcpy(sums, error, sizeof sums);
        imp_texture_cut(sums, along, across, cut);
        double least = INFINITY, sum = 0;
        for (int j = 0; j < across; j++) least = fmin(least, least_from(error, along, across, 0, j));
        for (int i = 0; i < along; i++) {
            assert_true(cut[i] >= 0 && cut[i] < across);
            assert_true(i == 0 || abs(cut[i] - cut[i - 1]) <= 1);
            sum += (double)error[i * across + cut[i]];
        }
        assert_true(sum == least);
    }
}

typedef struct PlainQuilt {
    const ImpImage *exemplar;
    int width, height, block, overlap;
    ImpRandom random;
    int *source; /* negative: nothing there */
} PlainQuilt;

/* The squared difference of two colours of the exemplar. */
static float plain_difference(const ImpImage *exemplar, int a, int b) {
    float sum = 0;
    for (size_t c = 0; c < 3; c++) {
        float difference = channel(exemplar, c, (size_t)a) - channel(exemplar, c, (size_t)b);
        sum += difference * difference;
    }
    return sum;
}

/* What of a block at (x0,y0) lies on the picture. */
static int part_of(int block, int at, int side) {
    return at + block < side ? block : side - at;
}

static double plain_overlap(const PlainQuilt *q, int x0, int y0, int corner) {
    double sum = 0;
    for (int y = 0; y < part_of(q->block, y0, q->height); y++)
        for (int x = 0; x < part_of(q->block, x0, q->width); x++)
            if ((x0 > 0 && x < q->overlap) || (y0 > 0 && y < q->overlap))
                sum += (double)plain_difference(q->exemplar, q->source[(y0 + y) * q->width + x0 + x],
                                                corner + y * q->exemplar->width + x);
    return sum;
}

/* The corner of one of the blocks that fit, at random. */
static int plain_choice(PlainQuilt *q, int x0, int y0) {
    int columns = q->exemplar->width - q->block + 1, count = columns * (q->exemplar->height - q->block + 1);
    int n = 0, at = -1;
    double *distances = test_malloc(sizeof(double) * (size_t)count), least = INFINITY;
    for (int i = 0; i < count; i++) {
        distances[i] = plain_overlap(q, x0, y0, i / columns * q->exemplar->width + i % columns);
        least = fmin(least, distances[i]);
    }
    for (int i = 0; i < count; i++) n += distances[i] <= 1.1 * least;
    int left = (int)imp_random_below(&q->random, (uint64_t)n);
    while (left >= 0) left -= distances[++at] <= 1.1 * least;
    test_free(distances);
    return at / columns * q->exemplar->width + at % columns;
}

/* Joins the block to what is there along both cuts. */
static void plain_join(PlainQuilt *q, int x0, int y0, int corner) {
    int width = part_of(q->block, x0, q->width), height = part_of(q->block, y0, q->height), o = q->overlap;
    float left[16 * 16] = {0}, top[16 * 16] = {0};
    int left_cut[16] = {0}, top_cut[16] = {0};
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            int there = q->source[(y0 + y) * q->width + x0 + x], fresh = corner + y * q->exemplar->width + x;
            if (x0 > 0 && x < o) left[y * o + x] = plain_difference(q->exemplar, there, fresh);
            if (y0 > 0 && y < o) top[x * o + y] = plain_difference(q->exemplar, there, fresh);
        }
    if (x0 > 0) imp_texture_cut(left, height, o, left_cut);
    if (y0 > 0) imp_texture_cut(top, width, o, top_cut);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            if (x >= left_cut[y] && y >= top_cut[x])
                q->source[(y0 + y) * q->width + x0 + x] = corner + y * q->exemplar->width + x;
}

static void quilting_is_what_the_plain_one_is(void **state) {
    (void)state;
    ImpImage *exemplar = make_exemplar(30, 27);
    for (int seed = 0; seed < 4; seed++) {
        int source[50 * 40], differ = 0;
        char settings[128];
        PlainQuilt quilt = {exemplar, 41 + seed, 33 - seed, 10, 4, {{0}}, source};
        imp_random_seed(&quilt.random, (uint64_t)seed);
        for (int i = 0; i < 50 * 40; i++) source[i] = -1;
        for (int y = 0; y + 4 < quilt.height; y += 6)
            for (int x = 0; x + 4 < quilt.width; x += 6) plain_join(&quilt, x, y, plain_choice(&quilt, x, y));
        snprintf(settings, sizeof settings, "size=%dx%d;block=10;overlap=4;seed=%d", quilt.width, quilt.height, seed);
        ImpResult result = run(settings, exemplar, NULL);
        for (int i = 0; i < quilt.width * quilt.height; i++)
            differ += !same_colour(result.image, (size_t)i, exemplar, (size_t)source[i]);
        if (differ > 0) fail_msg("seed %d: %d pixels differ", seed, differ);
        imp_image_free(&result.image);
    }
    imp_image_free(&exemplar);
}

/* With one block, the result is a piece of the exemplar; with an overlap and no tolerance it can go on exactly. */
static void quilting_goes_on_with_what_fits(void **state) {
    (void)state;
    ImpImage *exemplar = make_exemplar(40, 36);
    for (int y = 0; y < 36; y++) /* of period 8 */
        for (int x = 8; x < 40; x++)
            for (int c = 0; c < 3; c++) exemplar->rgb[(c * 36 + y) * 40 + x] = exemplar->rgb[(c * 36 + y) * 40 + x - 8];
    ImpResult result = run("size=64x12;block=12;overlap=4;epsilon=0", exemplar, NULL);
    for (int y = 0; y < 12; y++)
        for (int x = 8; x < 64; x++)
            assert_true(same_colour(result.image, (size_t)(y * 64 + x), result.image, (size_t)(y * 64 + x - 8)));
    imp_image_free(&result.image);
    imp_image_free(&exemplar);
}

/* --- wei-levoy ---------------------------------------------------------------------------------------------------- */

static double squared_distance(const float *a, const float *b, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += pow((double)a[i] - (double)b[i], 2);
    return sum;
}

/* The distance of place (u,v) of the exemplar to what the canvas shows around (x,y), by the definition. */
static double plain_neighbourhood(const ImpNeighbourhoodShape *shape, const ImpNeighbourhoodPlace *place, int u,
                                  int v) {
    double sum = 0;
    for (int level = 0; level < (shape->coarse ? 2 : 1); level++) {
        const ImpTextureSample *sample = level ? shape->coarse : shape->fine;
        const ImpTextureCanvas *canvas = level ? place->coarse : place->fine;
        int half = (level ? (shape->window / 2 + 1) | 1 : shape->window) / 2;
        for (int j = -half; j <= half; j++)
            for (int i = -half; i <= half; i++) {
                bool after = j > 0 || (j == 0 && i > 0), middle = i == 0 && j == 0;
                if (level == 0 && (middle || (shape->causal && after))) continue;
                int x = (place->x >> level) + i, y = (place->y >> level) + j;
                if (!place->wraps && (x < 0 || x >= canvas->width || y < 0 || y >= canvas->height)) continue;
                x = (x + canvas->width) % canvas->width;
                y = (y + canvas->height) % canvas->height;
                size_t here = (size_t)(((v >> level) + j) * sample->width + (u >> level) + i);
                size_t there = (size_t)canvas->source[y * canvas->width + x];
                sum += squared_distance(sample->numbers + 3 * here, sample->numbers + 3 * there, 3);
            }
    }
    return sum;
}

/* The first place of least distance. */
static int32_t plain_nearest(const ImpNeighbourhoodShape *shape, const ImpNeighbourhoodPlace *place, double *nearest) {
    int32_t least = -1;
    *nearest = INFINITY;
    for (int v = 2; v <= 27; v++)
        for (int u = 2; u <= 30; u++) {
            if (shape->coarse && (u / 2 > 15 || v / 2 > 13)) continue;
            double other = plain_neighbourhood(shape, place, u, v);
            if (other < *nearest) least = v * 33 + u;
            *nearest = fmin(*nearest, other);
        }
    return least;
}

/* Each place of the canvas: the exact search finds what the definition says, the fast one nearly. */
static void compare_searches(const ImpNeighbourhoodShape *shape, ImpNeighbourhoodPlace *place, ImpRandom *random) {
    ImpError error;
    ImpNeighbourhoods *exact, *fast;
    double sums[2] = {0};
    must(imp_neighbourhoods_new(shape, 0, true, random, &exact, &error), &error);
    must(imp_neighbourhoods_new(shape, 0, false, random, &fast, &error), &error);
    for (place->y = 0; place->y < place->fine->height; place->y++)
        for (place->x = 0; place->x < place->fine->width; place->x++) {
            float distance, about;
            double nearest;
            int32_t best = imp_neighbourhoods_nearest(exact, place, &distance);
            assert_int_equal(best, plain_nearest(shape, place, &nearest));
            assert_true(fabs((double)distance - nearest) <= 1e-4 * nearest);
            imp_neighbourhoods_nearest(fast, place, &about);
            assert_true(about >= distance);
            sums[0] += (double)distance;
            sums[1] += (double)about;
        }
    if (sums[1] > 1.1 * sums[0]) fail_msg("%g, exactly %g", sums[1], sums[0]);
    imp_neighbourhoods_free(&exact);
    imp_neighbourhoods_free(&fast);
}

static void neighbourhoods_are_those_of_the_definition(void **state) {
    (void)state;
    ImpError error;
    ImpRandom random;
    ImpTextureSample fine, coarse;
    ImpTextureCanvas canvas, half;
    ImpImage *exemplar = make_exemplar(33, 30);
    must(imp_texture_sample_new(exemplar, NULL, &fine, &error), &error);
    must(imp_texture_sample_halve(&fine, &coarse, &error), &error);
    must(imp_texture_canvas_new(21, 14, &canvas, &error), &error);
    must(imp_texture_canvas_new(11, 7, &half, &error), &error);
    imp_random_seed(&random, 1);
    for (int i = 0; i < 21 * 14; i++) canvas.source[i] = (int32_t)imp_random_below(&random, 33 * 30);
    for (int i = 0; i < 11 * 7; i++) half.source[i] = (int32_t)imp_random_below(&random, 17 * 15);
    for (int variant = 0; variant < 8; variant++) {
        bool two = variant & 1, causal = variant & 2, wraps = variant & 4;
        ImpNeighbourhoodShape shape = {.fine = &fine, .coarse = two ? &coarse : NULL, .window = 5, .causal = causal};
        ImpNeighbourhoodPlace place = {.fine = &canvas, .coarse = two ? &half : NULL, .wraps = wraps};
        compare_searches(&shape, &place, &random);
    }
    imp_texture_canvas_clear(&canvas);
    imp_texture_canvas_clear(&half);
    imp_texture_sample_clear(&fine);
    imp_texture_sample_clear(&coarse);
    imp_image_free(&exemplar);
}

/* The mean squared difference between column `from`, or row, and the next, which may be the first. */
static double step_across(const ImpImage *image, bool down, int from) {
    int along = down ? image->width : image->height, side = down ? image->height : image->width;
    double sum = 0;
    for (int i = 0; i < along; i++)
        for (size_t c = 0; c < 3; c++) {
            int next = (from + 1) % side;
            size_t a = (size_t)(down ? from * image->width + i : i * image->width + from);
            size_t b = (size_t)(down ? next * image->width + i : i * image->width + next);
            sum += pow((double)channel(image, c, a) - (double)channel(image, c, b), 2);
        }
    return sum / along;
}

static void tiles_go_on_at_their_other_side(void **state) {
    (void)state;
    ImpImage *exemplar = make_exemplar(64, 64);
    ImpResult result = run("model=wei-levoy;size=64x48", exemplar, NULL);
    for (int down = 0; down < 2; down++) {
        int side = down ? 48 : 64;
        double inside = 0;
        for (int i = 0; i + 1 < side; i++) inside += step_across(result.image, down, i) / (side - 1);
        double rim = step_across(result.image, down, side - 1);
        if (rim > 1.6 * inside) fail_msg("across the rim %g, inside %g", rim, inside);
    }
    imp_image_free(&result.image);
    imp_image_free(&exemplar);
}

/* --- all models --------------------------------------------------------------------------------------------------- */

static const char *const models[] = {"quilting", "efros-leung", "wei-levoy"};
enum { MODELS = sizeof models / sizeof *models };

static void every_colour_is_the_exemplars(void **state) {
    (void)state;
    static const int sizes[][4] = {{30, 33, 40, 50}, {3, 5, 20, 9}, {1, 1, 7, 4},  {20, 20, 5, 3},
                                   {9, 40, 1, 1},    {2, 2, 16, 2}, {33, 8, 8, 33}};
    for (size_t m = 0; m < MODELS; m++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            char settings[128];
            Told told = {0};
            ImpImage *exemplar = make_exemplar(sizes[i][0], sizes[i][1]);
            snprintf(settings, sizeof settings, "model=%s;size=%dx%d", models[m], sizes[i][2], sizes[i][3]);
            ImpResult result = run(settings, exemplar, &told);
            assert_int_equal(result.image->width, sizes[i][2]);
            assert_int_equal(result.image->height, sizes[i][3]);
            assert_null(result.image->alpha);
            assert_int_equal(count_foreign(result.image, exemplar), 0);
            assert_false(result.stopped);
            assert_int_equal(told.last.step, told.last.steps);
            imp_image_free(&result.image);
            imp_image_free(&exemplar);
        }
}

static void the_usual_size_is_twice_the_exemplars(void **state) {
    (void)state;
    ImpImage *exemplar = make_exemplar(12, 17);
    ImpResult result = run("seed=3", exemplar, NULL), square = run("size=9", exemplar, NULL);
    assert_int_equal(result.image->width, 24);
    assert_int_equal(result.image->height, 34);
    assert_int_equal(square.image->width, 9);
    assert_int_equal(square.image->height, 9);
    imp_image_free(&square.image);
    imp_image_free(&result.image);
    imp_image_free(&exemplar);
}

static void one_colour_stays_one_colour(void **state) {
    (void)state;
    ImpImage *exemplar = make_exemplar(24, 24);
    for (int i = 0; i < 3 * 24 * 24; i++) exemplar->rgb[i] = 0.25f * (float)(1 + i / (24 * 24));
    for (size_t m = 0; m < MODELS; m++) {
        char settings[128];
        snprintf(settings, sizeof settings, "model=%s;size=31x20", models[m]);
        ImpResult result = run(settings, exemplar, NULL);
        assert_int_equal(count_foreign(result.image, exemplar), 0);
        imp_image_free(&result.image);
    }
    imp_image_free(&exemplar);
}

static void threads_do_not_matter_and_seeds_do(void **state) {
    (void)state;
    ImpImage *exemplar = make_exemplar(60, 50);
    for (size_t m = 0; m < MODELS; m++) {
        static const char *const variants[] = {"seed=1", "seed=1;threads=3", "seed=2"};
        ImpResult results[3];
        for (int i = 0; i < 3; i++) {
            char settings[128];
            snprintf(settings, sizeof settings, "model=%s;size=48x40;%s", models[m], variants[i]);
            results[i] = run(settings, exemplar, NULL);
        }
        assert_true(same_picture(results[0].image, results[1].image));
        assert_false(same_picture(results[0].image, results[2].image));
        for (int i = 0; i < 3; i++) imp_image_free(&results[i].image);
    }
    imp_image_free(&exemplar);
}

static void depth_and_transparency(void **state) {
    (void)state;
    ImpError error;
    ImpImage *exemplar = make_exemplar(40, 40);
    exemplar->bit_depth = 16;
    must(imp_image_add_alpha(exemplar, &error), &error);
    for (int i = 0; i < 40 * 40; i++) exemplar->alpha[i] = i % 40 < 30 ? 0.75f : 0;
    for (size_t i = 0; i < 40 * 40; i++)
        if (exemplar->alpha[i] == 0) exemplar->rgb[i] = 2; /* a hidden red that must not show */
    for (size_t m = 0; m < MODELS; m++) {
        char settings[128];
        snprintf(settings, sizeof settings, "model=%s;size=50", models[m]);
        ImpResult result = run(settings, exemplar, NULL);
        assert_int_equal(result.image->bit_depth, 16);
        for (int i = 0; i < 50 * 50; i++) assert_true(result.image->alpha[i] == 0.75f && result.image->rgb[i] <= 1);
        imp_image_free(&result.image);
    }
    imp_image_free(&exemplar);
}

static void stopping_keeps_what_there_is(void **state) {
    (void)state;
    ImpImage *exemplar = make_exemplar(40, 40);
    for (size_t m = 0; m < MODELS; m++) {
        char settings[128];
        snprintf(settings, sizeof settings, "model=%s;size=80", models[m]);
        Told whole = {0}, told = {0};
        ImpResult result = run(settings, exemplar, &whole);
        imp_image_free(&result.image);
        told.snapshot_at = whole.last.steps / 4;
        told.stop_at = whole.last.steps / 2;
        result = run(settings, exemplar, &told);
        assert_true(result.stopped);
        assert_int_equal(result.steps, told.last.step);
        assert_true(told.last.step < told.last.steps);
        assert_int_equal(told.snapshots, 1);
        assert_int_equal(told.snapshot->width, 80);
        assert_int_equal(result.image->width, 80);
        if (result.image->alpha) { /* what is not yet there can be seen through */
            int there = 0;
            for (int i = 0; i < 80 * 80; i++) there += result.image->alpha[i] == 1;
            assert_true(there > 80 * 80 / 4 && there < 80 * 80);
        }
        imp_image_free(&told.snapshot);
        imp_image_free(&result.image);
    }
    imp_image_free(&exemplar);
}

/* --- holes -------------------------------------------------------------------------------------------------------- */

static bool in_hole(int x, int y) {
    return x >= 15 && x < 24 && y >= 20 && y < 27;
}

static void write_mask(const char *name, int width, int height, float inside, float outside) {
    ImpError error;
    ImpImage *mask;
    must(imp_image_new(width, height, &mask, &error), &error);
    for (int i = 0; i < 3 * width * height; i++) {
        int place = i % (width * height);
        mask->rgb[i] = in_hole(place % width, place / width) ? inside : outside;
    }
    must(imp_image_write(mask, in_folder(name), NULL, &error), &error);
    imp_image_free(&mask);
}

static void check_filled(const ImpImage *result, const ImpImage *picture, bool alpha_inside) {
    for (int y = 0; y < 48; y++)
        for (int x = 0; x < 40; x++) {
            size_t place = (size_t)(y * 40 + x);
            if (!in_hole(x, y)) {
                assert_true(same_colour(result, place, picture, place));
                continue;
            }
            assert_true(channel(result, 0, place) <= 1);
            if (alpha_inside && result->alpha) assert_true(result->alpha[place] == 1);
        }
}

static void a_hole_is_filled_and_the_rest_left(void **state) {
    (void)state;
    static const char *const fills[] = {"model=efros-leung;window=9;", "", "model=wei-levoy;window=5;exact=true;"};
    ImpError error;
    ImpImage *picture = make_exemplar(40, 48);
    for (int y = 0; y < 48; y++)
        for (int x = 0; x < 40; x++)
            if (in_hole(x, y)) picture->rgb[y * 40 + x] = 2; /* what must vanish */
    write_mask("mask.png", 40, 48, 0.6f, 0.4f);
    for (size_t i = 0; i < sizeof fills / sizeof *fills; i++) {
        char settings[256];
        snprintf(settings, sizeof settings, "%shole=%s", fills[i], in_folder("mask.png"));
        ImpResult result = run(settings, picture, NULL);
        assert_null(result.image->alpha);
        check_filled(result.image, picture, false);
        imp_image_free(&result.image);
    }
    ImpImage *open;
    must(imp_image_copy(picture, &open, &error), &error);
    must(imp_image_add_alpha(open, &error), &error);
    for (int i = 0; i < 40 * 48; i++) open->alpha[i] = in_hole(i % 40, i / 40) ? 0.9f * (float)(i % 2) : 1;
    ImpResult result = run("window=9", open, NULL); /* wei-levoy, since it can */
    check_filled(result.image, picture, true);
    assert_int_equal(result.image->width, 40);
    imp_image_free(&result.image);
    result = run("size=60x50", open, NULL); /* a texture from what is opaque */
    assert_int_equal(result.image->width, 60);
    for (int i = 0; i < 60 * 50; i++) assert_true(result.image->rgb[i] <= 1);
    imp_image_free(&result.image);
    imp_image_free(&open);
    imp_image_free(&picture);
}

/* A picture of which only a rim is left: no window fits, so smaller ones are taken. */
static void windows_shrink_until_they_fit(void **state) {
    (void)state;
    ImpError error;
    Told told = {0};
    ImpImage *picture = make_exemplar(20, 20);
    must(imp_image_add_alpha(picture, &error), &error);
    for (int i = 0; i < 400; i++) picture->alpha[i] = i % 20 < 4 || i % 20 >= 16 || i / 20 < 4 || i / 20 >= 16 ? 1 : 0;
    ImpResult result = run("model=efros-leung", picture, &told);
    assert_non_null(strstr(told.notice, "one of 3 is taken"));
    assert_null(result.image->alpha);
    imp_image_free(&result.image);
    imp_image_free(&picture);
}

/* --- faults ------------------------------------------------------------------------------------------------------- */

static void refuse(const char *settings, const ImpImage *exemplar, const char *part) {
    ImpError error;
    ImpResult result;
    assert_int_not_equal(try(settings, exemplar, NULL, &result, &error), IMP_OK);
    assert_null(result.image);
    if (!strstr(error.message, part)) fail_msg("\"%s\" lacks \"%s\"", error.message, part);
}

static void sizes_are_read(void **state) {
    (void)state;
    static const char *const bad[] = {"",   "x",     "0",     "5x",     "x5",  "5x0",
                                      "-3", "16385", "5x5x5", "12 x 4", "1e3", "99999999999"};
    ImpError error;
    int width, height;
    must(imp_texture_size_parse("256x192", &width, &height, &error), &error);
    assert_true(width == 256 && height == 192);
    must(imp_texture_size_parse("1X16384", &width, &height, &error), &error);
    assert_true(width == 1 && height == 16384);
    must(imp_texture_size_parse("77", &width, &height, &error), &error);
    assert_true(width == 77 && height == 77);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(imp_texture_size_parse(bad[i], &width, &height, &error), IMP_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "such as 256x192"));
}

static void what_cannot_be_done_is_said(void **state) {
    (void)state;
    ImpError error;
    char settings[256];
    ImpImage *exemplar = make_exemplar(40, 48);
    write_mask("small.png", 39, 48, 1, 0);
    write_mask("white.png", 40, 48, 1, 1);
    write_mask("black.png", 40, 48, 0, 0.4f);
    write_mask("mask.png", 40, 48, 1, 0);
    refuse("size=5by5", exemplar, "\"5by5\" is neither");
    refuse("block=41", exemplar, "does not fit into the exemplar of 40x48; give at most 40");
    refuse("block=9;overlap=5", exemplar, "give at most 4");
    refuse("model=efros-leung;window=8", exemplar, "give 7 or 9");
    refuse("model=efros-leung;block=8", exemplar, "block means nothing to efros-leung");
    refuse("window=9", exemplar, "give model efros-leung");
    refuse("model=wei-levoy;epsilon=1", exemplar, "give model quilting");
    refuse("model=wei-levoy;levels=5", exemplar, "give at most 3 levels");
    refuse("hole=/no/such/mask.png", exemplar, "/no/such/mask.png");
    snprintf(settings, sizeof settings, "hole=%s", in_folder("small.png"));
    refuse(settings, exemplar, "39x48 pixels and the picture 40x48");
    snprintf(settings, sizeof settings, "hole=%s", in_folder("white.png"));
    refuse(settings, exemplar, "white everywhere");
    snprintf(settings, sizeof settings, "hole=%s", in_folder("black.png"));
    refuse(settings, exemplar, "black everywhere");
    snprintf(settings, sizeof settings, "hole=%s;size=90", in_folder("mask.png"));
    refuse(settings, exemplar, "leave size or hole out");
    snprintf(settings, sizeof settings, "model=quilting;hole=%s", in_folder("mask.png"));
    refuse(settings, exemplar, "hole means nothing to quilting");
    must(imp_image_add_alpha(exemplar, &error), &error);
    for (int i = 0; i < 40 * 48; i++) exemplar->alpha[i] = i % 5 < 4 ? 1 : 0;
    refuse("size=50", exemplar, "nowhere 8x8 pixels without transparency");
    for (int i = 0; i < 40 * 48; i++) exemplar->alpha[i] = 0;
    refuse("size=50;model=efros-leung", exemplar, "transparent everywhere");
    refuse("model=efros-leung", exemplar, "opaque nowhere");
    imp_image_free(&exemplar);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(efros_leung_is_what_the_plain_one_is),
        cmocka_unit_test(the_cut_is_the_least_of_all),
        cmocka_unit_test(quilting_is_what_the_plain_one_is),
        cmocka_unit_test(quilting_goes_on_with_what_fits),
        cmocka_unit_test(neighbourhoods_are_those_of_the_definition),
        cmocka_unit_test(tiles_go_on_at_their_other_side),
        cmocka_unit_test(every_colour_is_the_exemplars),
        cmocka_unit_test(the_usual_size_is_twice_the_exemplars),
        cmocka_unit_test(one_colour_stays_one_colour),
        cmocka_unit_test(threads_do_not_matter_and_seeds_do),
        cmocka_unit_test(depth_and_transparency),
        cmocka_unit_test(stopping_keeps_what_there_is),
        cmocka_unit_test(a_hole_is_filled_and_the_rest_left),
        cmocka_unit_test(windows_shrink_until_they_fit),
        cmocka_unit_test(sizes_are_read),
        cmocka_unit_test(what_cannot_be_done_is_said),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
