/* Analogies of small pictures: against a plain implementation, and what has to hold of any. */
#include "method/support.h"

#include "image/colour.h"
#include "method/analogy/neighbourhood.h"
#include "method/analogy/pyramid.h"
#include "method/analogy/scan.h"
#include "method/analogy/search.h"

/* What the observer saw and shall do. */
typedef struct Told {
    int64_t stop_at, snapshot_at; /* the first step from this on; 0: never */
    int rows, notices;
    ImpProgress last;
    ImpImage *snapshot;
    char notice[512];
} Told;

static unsigned on_step(void *context, const ImpProgress *progress) {
    Told *told = context;
    unsigned wishes = IMP_CONTINUE;
    assert_true(progress->step > told->last.step);
    assert_true(progress->step <= progress->steps);
    assert_true(progress->seconds_left >= 0);
    assert_true(progress->scale >= told->last.scale);
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
    must(imp_image_copy(image, &told->snapshot, NULL), NULL);
}

static void on_sentence(void *context, const char *sentence) {
    Told *told = context;
    told->notices++;
    snprintf(told->notice, sizeof told->notice, "%s", sentence);
}

static ImpParams *make_settings(const char *settings) {
    ImpParams *params;
    ImpError error;
    char text[1024];
    snprintf(text, sizeof text, "threads=1;%s", settings);
    must(imp_params_new(&imp_method_find("analogy")->params, &params, &error), &error);
    set_params(params, text);
    return params;
}

/* A, A' and B. */
typedef struct Three {
    ImpImage *source, *filtered, *target;
} Three;

static void free_three(Three *three) {
    imp_image_free(&three->source);
    imp_image_free(&three->filtered);
    imp_image_free(&three->target);
}

static ImpStatus try(const char *settings, const Three *three, Told *told, ImpResult *result, ImpError *error) {
    ImpParams *params = make_settings(settings);
    ImpPicture pictures[] = {{"source", "a.png", three->source},
                             {"filtered", "filtered.png", three->filtered},
                             {"target", "b.png", three->target}};
    ImpRequest request = {.params = params, .pictures = pictures, .n_pictures = 3};
    if (told) request.observer = (ImpObserver){told, on_step, on_picture, on_sentence};
    *error = (ImpError){0};
    ImpStatus status = imp_method_find("analogy")->run(&request, result, error);
    imp_params_free(&params);
    return status;
}

static ImpImage *run(const char *settings, const Three *three) {
    ImpError error;
    ImpResult result;
    must(try(settings, three, NULL, &result, &error), &error);
    assert_non_null(result.image);
    assert_int_equal(result.image->width, three->target->width);
    assert_int_equal(result.image->height, three->target->height);
    assert_false(result.stopped);
    return result.image;
}

/* --- pictures ----------------------------------------------------------------------------------------------------- */

/* Waves with noise: every place is told from all others. */
static ImpImage *make_rich(int width, int height, uint64_t seed) {
    ImpImage *image = make_picture(width, height, (double)seed);
    ImpRandom random;
    imp_random_seed(&random, seed);
    size_t places = (size_t)width * (size_t)height;
    for (size_t i = 0; i < 3 * places; i++)
        image->rgb[i] = (float)(0.8 * (double)image->rgb[i] + 0.2 * imp_random_uniform(&random));
    return image;
}

static ImpImage *copy(const ImpImage *image) {
    ImpImage *out;
    must(imp_image_copy(image, &out, NULL), NULL);
    return out;
}

static size_t numbers_of(const ImpImage *image) {
    return 3 * (size_t)image->width * (size_t)image->height;
}

/* number -> scale * number + shift */
static ImpImage *mapped(const ImpImage *image, double scale, double shift) {
    ImpImage *out = copy(image);
    for (size_t i = 0; i < numbers_of(image); i++) out->rgb[i] = (float)(scale * (double)image->rgb[i] + shift);
    return out;
}

static double largest_difference(const ImpImage *a, const ImpImage *b) {
    double most = 0;
    for (size_t i = 0; i < numbers_of(a); i++) most = fmax(most, fabs((double)a->rgb[i] - (double)b->rgb[i]));
    return most;
}

static double mean_difference(const ImpImage *a, const ImpImage *b) {
    double sum = 0;
    for (size_t i = 0; i < numbers_of(a); i++) sum += fabs((double)a->rgb[i] - (double)b->rgb[i]);
    return sum / (double)numbers_of(a);
}

static Three make_three(int width, int height, int target_width, int target_height) {
    return (Three){make_rich(width, height, 1), make_rich(width, height, 2), make_rich(target_width, target_height, 3)};
}

/* --- against a plain implementation ------------------------------------------------------------------------------- */

static int clamped(int at, int side) {
    return at < 0 ? 0 : at >= side ? side - 1 : at;
}

static double number_at(const ImpAnalogyPlane *plane, int x, int y, int c) {
    return (double)imp_analogy_at(plane, clamped(x, plane->width), clamped(y, plane->height))[c];
}

/* One part of the distance, by the definition; *weights: the sum of those of a channel that the shape has. */
static double plain_part(const ImpAnalogyPlane *exemplar, const ImpAnalogyPlane *made, const int at[4], int half,
                         int kind, double *weights) {
    double sum = 0, deviation = 0.25 * (2 * half + 1);
    for (int j = -half; j <= half; j++)
        for (int i = -half; i <= half; i++) {
            bool before = j < 0 || (j == 0 && i < 0), middle = i == 0 && j == 0;
            if (kind == 1 && !before) continue;
            double weight = exp(-(i * i + j * j) / (2 * deviation * deviation));
            *weights += weight;
            int x = at[0] + i, y = at[1] + j;
            if (kind == 2 && middle) continue;
            if (kind == 1 && (x < 0 || x >= made->width || y < 0)) continue;
            for (int c = 0; c < exemplar->channels; c++)
                sum += weight * pow(number_at(made, x, y, c) - number_at(exemplar, at[2] + i, at[3] + j, c), 2);
        }
    return sum;
}

static double plain_distance(const ImpAnalogyPyramid *pyramid, int index, int window, bool causal, int x, int y,
                             int32_t place) {
    const ImpAnalogyLevel *fine = &pyramid->levels[index], *coarse = fine + 1;
    int u = place % fine->source.width, v = place / fine->source.width, half = window / 2;
    int at[4] = {x, y, u, v}, there[4] = {x / 2, y / 2, u / 2, v / 2};
    double weights = 0;
    double sum = plain_part(&fine->source, &fine->target, at, half, 0, &weights);
    sum += plain_part(&fine->filtered, &fine->result, at, half, causal ? 1 : 2, &weights);
    sum /= weights;
    if (index + 1 == pyramid->count) return sum;
    weights = 0;
    double other = plain_part(&coarse->source, &coarse->target, there, (half + 1) / 2, 0, &weights);
    other += plain_part(&coarse->filtered, &coarse->result, there, (half + 1) / 2, 0, &weights);
    return sum + other / weights;
}

static ImpAnalogyPyramid make_pyramid(const Three *three, const char *text, ImpAnalogySettings *settings) {
    ImpAnalogyPyramid pyramid;
    ImpError error;
    ImpParams *params = make_settings(text);
    must(imp_analogy_settings_read(params, settings, &error), &error);
    must(imp_analogy_pyramid_new(three->source, three->filtered, three->target, settings, &pyramid, &error), &error);
    imp_params_free(&params);
    return pyramid;
}

/* Each pixel of a level comes from anywhere. */
static void shuffle(ImpAnalogyLevel *level, ImpRandom *random) {
    size_t places = (size_t)level->source.width * (size_t)level->source.height;
    for (int y = 0; y < level->target.height; y++)
        for (int x = 0; x < level->target.width; x++) {
            int32_t place = (int32_t)imp_random_below(random, places);
            level->from[y * level->target.width + x] = place;
            memcpy(imp_analogy_at(&level->result, x, y), imp_analogy_shown(level, place),
                   (size_t)level->result.channels * sizeof(float));
        }
    imp_analogy_plane_spread(&level->result);
}

static void check_distances(const Three *three, const char *text) {
    ImpAnalogySettings settings;
    ImpAnalogyPyramid pyramid = make_pyramid(three, text, &settings);
    ImpRandom random;
    ImpAnalogyShape shape;
    ImpAnalogyQuery query;
    float *point = test_malloc(sizeof(float) * IMP_ANALOGY_MOST_NUMBERS);
    float *other = test_malloc(sizeof(float) * IMP_ANALOGY_MOST_NUMBERS);
    imp_random_seed(&random, 4);
    for (int i = 0; i < pyramid.count; i++) shuffle(&pyramid.levels[i], &random);
    for (int k = 0; k < 400; k++) {
        int index = (int)imp_random_below(&random, (uint64_t)pyramid.count);
        const ImpAnalogyLevel *level = &pyramid.levels[index];
        int x = (int)imp_random_below(&random, (uint64_t)level->target.width);
        int y = (int)imp_random_below(&random, (uint64_t)level->target.height);
        int32_t place = (int32_t)imp_random_below(&random, (uint64_t)(level->source.width * level->source.height));
        bool causal = k % 2 == 0;
        imp_analogy_shape(&pyramid, index, &settings, causal, &shape);
        imp_analogy_ask(&shape, x, y, &query);
        double plain = plain_distance(&pyramid, index, settings.window, causal, x, y, place);
        double found = (double)imp_analogy_distance(&shape, &query, place, INFINITY);
        assert_true(fabs(found - plain) <= 1e-5 * (1e-3 + plain));
        assert_true((double)imp_analogy_distance(&shape, &query, place, (float)(plain / 3)) >= plain / 3);
        if (query.weights != shape.weights) continue;
        double apart = 0;
        imp_analogy_take(&shape, place, point);
        imp_analogy_scale(&shape, &query, other);
        for (size_t n = 0; n < shape.numbers; n++) apart += pow((double)point[n] - (double)other[n], 2);
        assert_true(fabs(apart - plain) <= 1e-5 * (1e-3 + plain));
    }
    test_free(point);
    test_free(other);
    imp_analogy_pyramid_clear(&pyramid);
}

static void distances_are_those_of_the_definition(void **state) {
    (void)state;
    Three three = make_three(24, 17, 31, 12);
    check_distances(&three, "levels=3");
    check_distances(&three, "levels=2;features=color;gradient-weight=0.5");
    check_distances(&three, "levels=3;window=3");
    check_distances(&three, "levels=2;window=15;features=color;gradient-weight=2");
    free_three(&three);
}

/* The algorithm of the paper's section 3.1, with every place compared by plain_distance. */
static void plain_level(ImpAnalogyPyramid *pyramid, int index, const ImpAnalogySettings *settings) {
    ImpAnalogyLevel *level = &pyramid->levels[index];
    int width = level->target.width, across = level->source.width, down = level->source.height, half = 2;
    imp_analogy_level_begin(pyramid, index);
    for (int y = 0; y < level->target.height; y++)
        for (int x = 0; x < width; x++) {
            double nearest = INFINITY, coherent = INFINITY;
            int32_t best = 0, other = -1;
            for (int32_t p = 0; p < across * down; p++) {
                double distance = plain_distance(pyramid, index, settings->window, true, x, y, p);
                if (distance < nearest) best = p;
                nearest = fmin(nearest, distance);
            }
            for (int j = -half; j <= 0; j++)
                for (int i = -half; i <= half; i++) {
                    if ((j == 0 && i >= 0) || y + j < 0 || x + i < 0 || x + i >= width) continue;
                    int32_t from = level->from[(y + j) * width + x + i];
                    int u = from % across - i, v = from / across - j;
                    if (u < 0 || u >= across || v < 0 || v >= down) continue;
                    double distance = plain_distance(pyramid, index, settings->window, true, x, y, v * across + u);
                    if (distance < coherent) other = v * across + u;
                    coherent = fmin(coherent, distance);
                }
            if (other >= 0 && coherent <= nearest * (1 + settings->kappa * pow(2, -index))) best = other;
            level->from[y * width + x] = best;
            memcpy(imp_analogy_at(&level->result, x, y), imp_analogy_shown(level, best),
                   (size_t)level->result.channels * sizeof(float));
        }
    imp_analogy_plane_spread(&level->result);
}

static ImpImage *plain_run(const Three *three, const char *text) {
    ImpAnalogySettings settings;
    ImpAnalogyPyramid pyramid = make_pyramid(three, text, &settings);
    for (int i = pyramid.count - 1; i >= 0; i--) plain_level(&pyramid, i, &settings);
    ImpImage *out = copy(three->target);
    size_t places = numbers_of(out) / 3;
    for (size_t i = 0; i < places; i++)
        for (size_t c = 0; c < 3; c++)
            out->rgb[c * places + i] = imp_analogy_shown(&pyramid.levels[0], pyramid.levels[0].from[i])[c];
    imp_analogy_pyramid_clear(&pyramid);
    return out;
}

static void the_scan_is_what_the_plain_one_is(void **state) {
    (void)state;
    static const char *const settings[] = {"features=color;exact=true;levels=2;kappa=0",
                                           "features=color;exact=true;levels=3;kappa=2"};
    Three three = make_three(14, 11, 19, 10);
    for (int i = 0; i < 2; i++) {
        ImpImage *plain = plain_run(&three, settings[i]), *made = run(settings[i], &three);
        assert_true(same_picture(plain, made));
        imp_image_free(&plain);
        imp_image_free(&made);
    }
    free_three(&three);
}

/* --- how close the searches are ----------------------------------------------------------------------------------- */

/* How much farther, on average, than the nearest of all is what the tree finds, for the neighbourhoods of a result. */
static void the_tree_is_near_the_exact_search(void **state) {
    (void)state;
    Three three = make_three(64, 48, 48, 40);
    ImpAnalogySettings settings;
    ImpAnalogyPyramid pyramid = make_pyramid(&three, "levels=2", &settings);
    ImpAnalogyShape shape;
    ImpAnalogySearch *tree, *exact;
    ImpRandom random;
    ImpError error;
    double sum = 0, least = 0;
    imp_random_seed(&random, 1);
    for (int i = 1; i >= 0; i--) imp_analogy_level_begin(&pyramid, i);
    imp_analogy_shape(&pyramid, 0, &settings, true, &shape);
    must(imp_analogy_search_new(&shape, false, &random, &tree, &error), &error);
    must(imp_analogy_search_new(&shape, true, &random, &exact, &error), &error);
    for (int y = 0; y < 40; y++)
        for (int x = 0; x < 48; x++) {
            ImpAnalogyQuery query;
            float near, nearest;
            imp_analogy_ask(&shape, x, y, &query);
            imp_analogy_search_nearest(tree, &query, &near);
            imp_analogy_search_nearest(exact, &query, &nearest);
            assert_true(near >= nearest);
            sum += (double)near;
            least += (double)nearest;
        }
    print_message("the tree's matches are %.1f %% farther than the nearest\n", 100 * (sum / least - 1));
    assert_true(sum <= 1.1 * least);
    imp_analogy_search_free(&tree);
    imp_analogy_search_free(&exact);
    imp_analogy_pyramid_clear(&pyramid);
    free_three(&three);
}

/* The mean distance of whole neighbourhoods of a level that has been made to where they come from. */
static double mean_distance(const ImpAnalogyPyramid *pyramid, const ImpAnalogyShape *shape,
                            const ImpAnalogySearch *exact) {
    const ImpAnalogyLevel *level = &pyramid->levels[0];
    double sum = 0;
    for (int y = 0; y < level->target.height; y++)
        for (int x = 0; x < level->target.width; x++) {
            ImpAnalogyQuery query;
            float distance;
            imp_analogy_ask(shape, x, y, &query);
            if (exact)
                imp_analogy_search_nearest(exact, &query, &distance);
            else
                distance = imp_analogy_distance(shape, &query, level->from[y * level->target.width + x], INFINITY);
            sum += (double)distance;
        }
    return sum / (level->target.width * level->target.height);
}

/* Without a preference for neighbours, what PatchMatch chooses is nearly the nearest of all. */
static void patchmatch_is_near_the_exact_search(void **state) {
    (void)state;
    Three three = make_three(64, 48, 48, 40);
    ImpAnalogySettings settings;
    ImpAnalogyPyramid pyramid = make_pyramid(&three, "levels=2;kappa=0;fast=true;iterations=8", &settings);
    ImpAnalogyWatch watch = {.pyramid = &pyramid, .target = three.target, .steps = 1 << 20};
    ImpAnalogyShape shape;
    ImpAnalogySearch *exact;
    ImpRandom random;
    ImpError error;
    imp_random_seed(&random, 1);
    ImpAnalogyJob job = {&pyramid, &settings, &random, &watch, 0};
    watch.index = 1;
    imp_analogy_level_begin(&pyramid, 1);
    must(imp_analogy_scan(&job, 1, &error), &error);
    watch.index = 0;
    imp_analogy_level_begin(&pyramid, 0);
    must(imp_analogy_patchmatch(&job, 0, &error), &error);
    imp_analogy_shape(&pyramid, 0, &settings, false, &shape);
    must(imp_analogy_search_new(&shape, true, &random, &exact, &error), &error);
    double found = mean_distance(&pyramid, &shape, NULL), least = mean_distance(&pyramid, &shape, exact);
    print_message("PatchMatch's matches are %.1f %% farther than the nearest\n", 100 * (found / least - 1));
    assert_true(found <= 1.3 * least);
    imp_analogy_search_free(&exact);
    imp_analogy_pyramid_clear(&pyramid);
    free_three(&three);
}

/* --- what has to hold ------------------------------------------------------------------------------------------- */

static void nothing_changes_where_the_filter_changes_nothing(void **state) {
    (void)state;
    static const char *const settings[] = {"kappa=5", "fast=true", "features=color", "features=color;fast=true",
                                           "gradient-weight=1;kappa=1"};
    ImpImage *picture = make_rich(70, 50, 5);
    Three three = {picture, picture, picture};
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        ImpImage *made = run(settings[i], &three);
        assert_true(largest_difference(made, picture) <= 2.0 / 255);
        imp_image_free(&made);
    }
    imp_image_free(&picture);
}

/* A target that is part of the source, elsewhere: nothing tells where but the search. */
static void a_part_of_the_source_is_found(void **state) {
    (void)state;
    ImpImage *picture = make_rich(70, 50, 5), *inverted = mapped(picture, -1, 1), *part;
    must(imp_image_new(40, 24, &part, NULL), NULL);
    ImpImage *expected = copy(part);
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < 24; y++)
            for (int x = 0; x < 40; x++) {
                part->rgb[(c * 24 + y) * 40 + x] = picture->rgb[(c * 50 + y + 20) * 70 + x + 26];
                expected->rgb[(c * 24 + y) * 40 + x] = 1 - part->rgb[(c * 24 + y) * 40 + x];
            }
    Three three = {picture, inverted, part};
    for (int fast = 0; fast < 2; fast++) {
        ImpImage *made =
            run(fast ? "features=color;kappa=0.1;levels=2;fast=true" : "features=color;kappa=0.1;levels=2", &three);
        double difference = mean_difference(made, expected);
        print_message("%s: %.4f from the part\n", fast ? "fast" : "scan", difference);
        assert_true(difference <= 0.02);
        imp_image_free(&made);
    }
    imp_image_free(&expected);
    free_three(&three);
}

/* The inverse is learned from one picture and done to another. */
static void a_filter_is_learned(void **state) {
    (void)state;
    ImpImage *picture = make_picture(96, 80, 1), *target = make_picture(60, 70, 2);
    imp_colour_make_grey(picture);
    imp_colour_make_grey(target);
    Three three = {picture, mapped(picture, -1, 1), target};
    ImpImage *expected = mapped(target, -1, 1);
    for (int fast = 0; fast < 2; fast++) {
        ImpImage *made = run(fast ? "kappa=1;fast=true" : "kappa=1", &three);
        double difference = mean_difference(made, expected);
        print_message("%s: %.4f from the inverse\n", fast ? "fast" : "scan", difference);
        assert_true(difference <= 0.06);
        imp_image_free(&made);
    }
    imp_image_free(&expected);
    free_three(&three);
}

/* A darker and paler source is as good, unless it is not to be remapped. */
static void luminance_is_remapped(void **state) {
    (void)state;
    ImpImage *picture = make_rich(60, 50, 6);
    Three three = {mapped(picture, 0.4, 0.05), mapped(picture, 0.4, 0.05), picture};
    ImpImage *made = run("kappa=0", &three), *other = run("kappa=0;remap=false", &three);
    assert_true(largest_difference(made, picture) <= 2.0 / 255);
    assert_true(mean_difference(other, picture) > 0.1);
    imp_image_free(&made);
    imp_image_free(&other);
    free_three(&three);
}

/* Luminance comes from the filtered picture, colours stay the target's. */
static void luminance_keeps_the_targets_colours(void **state) {
    (void)state;
    Three three = make_three(40, 30, 36, 34);
    ImpImage *made = run("kappa=1", &three);
    size_t places = numbers_of(made) / 3;
    float *before = test_malloc(3 * places * sizeof(float)), *after = test_malloc(3 * places * sizeof(float));
    imp_colour_to_yiq(three.target->rgb, places, before);
    imp_colour_to_yiq(made->rgb, places, after);
    /* The chrominance of a colour that does not exist is reduced: never turned, never increased. */
    for (size_t i = 0; i < places; i++) {
        double i0 = (double)before[places + i], q0 = (double)before[2 * places + i];
        double i1 = (double)after[places + i], q1 = (double)after[2 * places + i];
        assert_true(fabs(i0 * q1 - q0 * i1) <= 1e-4);
        assert_true(hypot(i1, q1) <= hypot(i0, q0) + 1e-4);
    }
    test_free(before);
    test_free(after);
    imp_image_free(&made);
    free_three(&three);
}

static float noise(ImpRandom *random, double from, double to) {
    return (float)(from + (to - from) * imp_random_uniform(random));
}

/* Texture by numbers: two textures, dark and bright, told apart by labels; and a disc of labels as the target. */
static void labels_keep_their_boundaries(void **state) {
    (void)state;
    enum { SIDE = 64, RADIUS = 20, NEAR = 3 };
    static const char *const settings[] = {"", ";fast=true"};
    Three three = {0};
    ImpRandom random;
    imp_random_seed(&random, 9);
    must(imp_image_new(SIDE, SIDE, &three.source, NULL), NULL);
    must(imp_image_new(SIDE, SIDE, &three.filtered, NULL), NULL);
    must(imp_image_new(SIDE, SIDE, &three.target, NULL), NULL);
    for (int i = 0; i < SIDE * SIDE; i++) {
        int x = i % SIDE, y = i / SIDE;
        three.source->rgb[x < SIDE / 2 ? i : SIDE * SIDE + i] = 1;
        double off = hypot(x - SIDE / 2, y - SIDE / 2);
        three.target->rgb[off < RADIUS ? i : SIDE * SIDE + i] = 1;
        for (int c = 0; c < 3; c++)
            three.filtered->rgb[c * SIDE * SIDE + i] = x < SIDE / 2 ? noise(&random, 0, 0.4) : noise(&random, 0.6, 1);
    }
    for (size_t k = 0; k < 2; k++) {
        char text[128];
        snprintf(text, sizeof text, "features=color;kappa=1;source-weight=2%s", settings[k]);
        ImpImage *made = run(text, &three);
        for (int i = 0; i < SIDE * SIDE; i++) {
            double off = hypot(i % SIDE - SIDE / 2, i / SIDE - SIDE / 2);
            if (fabs(off - RADIUS) <= NEAR) continue;
            assert_true((made->rgb[i] < 0.5f) == (off < RADIUS));
        }
        imp_image_free(&made);
    }
    free_three(&three);
}

static void threads_do_not_matter_and_seeds_do(void **state) {
    (void)state;
    Three three = make_three(50, 61, 70, 45);
    for (int fast = 0; fast < 2; fast++) {
        const char *way = fast ? "fast=true" : "fast=false";
        ImpImage *made[4];
        static const char *const others[] = {"threads=1", "threads=2", "threads=5", "seed=8"};
        for (int i = 0; i < 4; i++) {
            char text[128];
            snprintf(text, sizeof text, "%s;%s", way, others[i]);
            made[i] = run(text, &three);
        }
        assert_true(same_picture(made[0], made[1]));
        assert_true(same_picture(made[0], made[2]));
        if (fast) assert_false(same_picture(made[0], made[3]));
        for (int i = 0; i < 4; i++) imp_image_free(&made[i]);
    }
    free_three(&three);
}

static void any_size_will_do(void **state) {
    (void)state;
    static const int sizes[][2] = {{1, 1}, {3, 5}, {2, 1}, {40, 7}};
    static const char *const settings[] = {"kappa=5", "fast=true", "features=color;gradient-weight=1;window=15",
                                           "levels=12;exact=true", "levels=12;fast=true;features=color"};
    for (size_t a = 0; a < 4; a++)
        for (size_t b = 0; b < 4; b++)
            for (size_t s = 0; s < sizeof settings / sizeof *settings; s++) {
                Three three = make_three(sizes[a][0], sizes[a][1], sizes[b][0], sizes[b][1]);
                ImpImage *made = run(settings[s], &three);
                for (size_t i = 0; i < numbers_of(made); i++) assert_true(made->rgb[i] >= 0 && made->rgb[i] <= 1);
                imp_image_free(&made);
                free_three(&three);
            }
}

static void depth_and_transparency_are_the_targets(void **state) {
    (void)state;
    Three three = make_three(30, 30, 26, 32);
    three.target->bit_depth = 16;
    three.filtered->bit_depth = 8;
    must(imp_image_add_alpha(three.target, NULL), NULL);
    must(imp_image_add_alpha(three.source, NULL), NULL);
    for (int i = 0; i < 26 * 32; i++) three.target->alpha[i] = (float)(i % 5) / 4;
    for (int i = 0; i < 30 * 30; i++) three.source->alpha[i] = i % 7 == 0 ? 0 : 1;
    ImpImage *made = run("kappa=5", &three);
    assert_int_equal(made->bit_depth, 16);
    assert_memory_equal(made->alpha, three.target->alpha, sizeof(float) * 26 * 32);
    imp_image_free(&made);
    free_three(&three);
}

static void stopping_keeps_what_there_is(void **state) {
    (void)state;
    Three three = make_three(64, 64, 64, 50);
    for (int fast = 0; fast < 2; fast++) {
        const char *settings = fast ? "features=color;fast=true;levels=3" : "features=color;levels=3";
        Told whole = {0}, told = {.stop_at = 1, .snapshot_at = 1};
        ImpResult result;
        ImpError error;
        must(try(settings, &three, &whole, &result, &error), &error);
        assert_int_equal(whole.last.step, whole.last.steps);
        assert_int_equal(result.steps, whole.last.steps);
        assert_int_equal(whole.last.scale, 3);
        assert_true(strstr(result.remark, "goes on") != NULL);
        imp_image_free(&result.image);
        must(try(settings, &three, &told, &result, &error), &error);
        assert_true(result.stopped);
        assert_int_equal(told.rows, 1);
        assert_int_equal(told.last.scale, 1);
        assert_true(same_picture(told.snapshot, result.image));
        imp_image_free(&told.snapshot);
        imp_image_free(&result.image);
        /* Late: the finest level. */
        told = (Told){.stop_at = whole.last.steps - 64 * 20};
        must(try(settings, &three, &told, &result, &error), &error);
        assert_true(result.stopped);
        assert_int_equal(told.last.scale, 3);
        imp_image_free(&result.image);
    }
    free_three(&three);
}

static void the_source_map_says_where_from(void **state) {
    (void)state;
    Three three = make_three(37, 23, 30, 41);
    char settings[256];
    ImpImage *map, *made;
    ImpError error;
    snprintf(settings, sizeof settings, "features=color;source-map=%s", in_folder("map.png"));
    made = run(settings, &three);
    must(imp_image_read(in_folder("map.png"), 0, &map, &error), &error);
    assert_int_equal(map->bit_depth, 16);
    for (int i = 0; i < 30 * 41; i++) {
        int x = (int)floorf(map->rgb[i] * 37), y = (int)floorf(map->rgb[30 * 41 + i] * 23);
        for (int c = 0; c < 3; c++)
            assert_true(made->rgb[c * 30 * 41 + i] == three.filtered->rgb[(c * 23 + y) * 37 + x]);
        assert_true(map->rgb[2 * 30 * 41 + i] == 0);
    }
    imp_image_free(&map);
    imp_image_free(&made);
    free_three(&three);
}

static void refuse(const char *settings, const Three *three, const char *part) {
    ImpError error;
    ImpResult result;
    assert_int_equal(try(settings, three, NULL, &result, &error), IMP_ERROR_ARGUMENT);
    assert_null(result.image);
    if (!strstr(error.message, part)) fail_msg("\"%s\" has no \"%s\"", error.message, part);
}

static void what_cannot_be_done_is_said(void **state) {
    (void)state;
    Three three = make_three(20, 20, 20, 20), uneven = make_three(20, 20, 20, 20);
    ImpError error;
    ImpResult result;
    imp_image_free(&uneven.filtered);
    uneven.filtered = make_rich(20, 21, 2);
    refuse("kappa=5", &uneven, "a.png has 20x20 pixels and filtered.png has 20x21");
    refuse("window=6", &three, "give 5 or 7");
    refuse("fast=true;exact=true", &three, "leave one of them out");
    refuse("iterations=3", &three, "give fast too");
    refuse("features=color;remap=true", &three, "leave one of them out");
    assert_int_equal(try("source-map=/no/such/folder/map.png", &three, NULL, &result, &error), IMP_ERROR_IO);
    assert_non_null(strstr(error.message, "/no/such/folder"));
    ImpPicture two[] = {{"source", "a.png", three.source}, {"target", "b.png", three.target}};
    ImpParams *params = make_settings("kappa=5");
    ImpRequest request = {.params = params, .pictures = two, .n_pictures = 2};
    assert_int_equal(imp_method_find("analogy")->run(&request, &result, &error), IMP_ERROR_ARGUMENT);
    imp_params_free(&params);
    free_three(&three);
    free_three(&uneven);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_are_those_of_the_definition),
        cmocka_unit_test(the_scan_is_what_the_plain_one_is),
        cmocka_unit_test(the_tree_is_near_the_exact_search),
        cmocka_unit_test(patchmatch_is_near_the_exact_search),
        cmocka_unit_test(nothing_changes_where_the_filter_changes_nothing),
        cmocka_unit_test(a_part_of_the_source_is_found),
        cmocka_unit_test(a_filter_is_learned),
        cmocka_unit_test(luminance_is_remapped),
        cmocka_unit_test(luminance_keeps_the_targets_colours),
        cmocka_unit_test(labels_keep_their_boundaries),
        cmocka_unit_test(threads_do_not_matter_and_seeds_do),
        cmocka_unit_test(any_size_will_do),
        cmocka_unit_test(depth_and_transparency_are_the_targets),
        cmocka_unit_test(stopping_keeps_what_there_is),
        cmocka_unit_test(the_source_map_says_where_from),
        cmocka_unit_test(what_cannot_be_done_is_said),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
