/* The histogram loss: the map against sorting and against its definition in double; R is constant for the gradient. */
#include "check.h"

#include "base/memory.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 40 * 100 * 90, BINS = 512, MOST_STYLES = 3 };

static const double weight = 2.5;
static float activation[MOST], styles[MOST_STYLES][MOST], places[100 * 90], style_places[100 * 90];

typedef struct Context {
    ImpShape shape;
    ImpNormalisation normalisation;
    int channels;
    const float *places, *style_places;
    ImpHistogramTarget *target;
    double shares[MOST_STYLES];
    double *remapped; /* (C,H,W): R at the activation under test */
} Context;

static ImpStatus make(const void *context, ImpLoss **loss, ImpError *error) {
    const Context *c = context;
    return imp_histogram_loss_new(0, weight, c->normalisation, c->target, c->shape, c->channels, c->places, loss,
                                  error);
}

static double weight_at(const float *weights, size_t i) {
    return weights ? (double)weights[i] : 1;
}

/* --- the map by its definition ------------------------------------------------------------------------------------ */

/* A channel's distribution: `below` is the share below each edge. */
typedef struct Channel {
    double least, step, below[BINS + 1];
    float scale;
} Channel;

/* As float, which decides on which side of an edge a number is. */
static int bin_of(const Channel *channel, float x) {
    float position = (x - (float)channel->least) * channel->scale;
    return position >= BINS ? BINS - 1 : position > 0 ? (int)position : 0;
}

static Channel channel_of(const float *x, const float *weights, size_t n) {
    Channel channel = {.least = INFINITY};
    double most = -INFINITY, total = 0;
    for (size_t i = 0; i < n; i++) {
        if (weight_at(weights, i) == 0) continue;
        channel.least = fmin(channel.least, (double)x[i]);
        most = fmax(most, (double)x[i]);
        total += weight_at(weights, i);
    }
    channel.step = (most - channel.least) / BINS;
    channel.scale = channel.step > 0 ? (float)(1 / channel.step) : 0;
    for (size_t i = 0; i < n; i++) {
        if (weight_at(weights, i) == 0) continue;
        for (int bin = bin_of(&channel, x[i]) + 1; bin <= BINS; bin++)
            channel.below[bin] += weight_at(weights, i) / total;
    }
    return channel;
}

/* The greatest value of that rank, or the least. */
static double quantile(const Channel *channel, double rank, bool greatest) {
    int bin = 0;
    if (greatest)
        while (bin < BINS && channel->below[bin + 1] <= rank + 1e-9) bin++;
    else
        while (bin < BINS && channel->below[bin + 1] < rank - 1e-9) bin++;
    if (bin == BINS) return channel->least + BINS * channel->step;
    double share = channel->below[bin + 1] - channel->below[bin];
    double within = share > 0 ? (rank - channel->below[bin]) / share : 0;
    return channel->least + channel->step * (bin + fmin(fmax(within, 0), 1));
}

static void remap(Context *c) {
    size_t n = imp_shape_places(c->shape);
    static Channel wanted[MOST_STYLES];
    for (size_t k = 0; k < (size_t)c->shape.channels; k++) {
        const float *x = activation + k * n;
        Channel own = channel_of(x, c->places, n);
        double total = 0;
        for (int s = 0; s < MOST_STYLES; s++) {
            wanted[s] = channel_of(styles[s] + k * n, c->style_places, n);
            total += c->shares[s];
        }
        for (size_t i = 0; i < n; i++) {
            int bin = bin_of(&own, x[i]);
            double low = 0, high = 0, within = own.step > 0 ? ((double)x[i] - own.least) / own.step - bin : 0;
            for (int s = 0; s < MOST_STYLES; s++) {
                double share = c->shares[s] / total;
                low += share * quantile(&wanted[s], own.step > 0 ? own.below[bin] : 0.5, true);
                high += share * quantile(&wanted[s], own.step > 0 ? own.below[bin + 1] : 0.5, false);
            }
            c->remapped[k * n + i] = low + within * (high - low);
        }
    }
}

static double plain(const void *context, const double *x) {
    const Context *c = context;
    size_t n = imp_shape_places(c->shape), count = imp_shape_count(c->shape);
    double squares = 0, magnitudes = 0, total = 0, of_styles = 0, shares = 0, of_weights = 0;
    for (size_t i = 0; i < count; i++) {
        double w = weight_at(c->places, i % n), difference = x[i] - c->remapped[i];
        squares += w * difference * difference;
        magnitudes += w * fabs(difference);
    }
    for (size_t i = 0; i < n; i++) total += weight_at(c->places, i);
    for (size_t i = 0; i < n; i++) of_weights += weight_at(c->style_places, i);
    for (int s = 0; s < MOST_STYLES; s++) {
        shares += c->shares[s];
        for (size_t i = 0; i < count; i++)
            of_styles += c->shares[s] * weight_at(c->style_places, i % n) * pow((double)styles[s][i], 2) / of_weights;
    }
    if (c->normalisation == IMP_NORMALISE_GATYS) return weight * squares;
    if (c->normalisation == IMP_NORMALISE_MEAN) return weight * squares / (total * c->channels);
    if (c->normalisation == IMP_NORMALISE_RELATIVE) return weight * squares / (total * of_styles / shares);
    return weight * sqrt((double)c->shape.channels / c->channels) * squares / (magnitudes + 1e-8);
}

/* --- cases -------------------------------------------------------------------------------------------------------- */

static void relu(float *numbers, size_t count) {
    for (size_t i = 0; i < count; i++) numbers[i] = fmaxf(numbers[i], 0);
}

static void fill(ImpShape shape) {
    size_t count = imp_shape_count(shape), n = imp_shape_places(shape);
    check_fill(activation, count, 1, 0);
    for (int s = 0; s < MOST_STYLES; s++) check_fill(styles[s], count, (uint64_t)s + 2, 0.3f * (float)s);
    /* Sums of eighths are exact, so that equal ranks are equal however they are added up. */
    for (size_t i = 0; i < n; i++) places[i] = i % 5 == 1 ? 0 : (float)(i % 7 + 1) / 8;
    for (size_t i = 0; i < n; i++) style_places[i] = i % 4 == 1 ? 0 : (float)(i % 3 + 1) / 4;
}

static Subject subject_of(Context *context, ImpShape shape, ImpNormalisation normalisation, int n_styles,
                          bool weighted) {
    static const double shares[MOST_STYLES] = {0.5, 1.5, 0.25};
    ImpError error;
    *context = (Context){.shape = shape, .normalisation = normalisation, .channels = shape.channels};
    context->places = weighted ? places : NULL;
    context->style_places = weighted ? style_places : NULL;
    context->remapped = calloc(imp_shape_count(shape), sizeof *context->remapped);
    assert_int_equal(imp_histogram_target_new(shape.channels, &context->target, &error), IMP_OK);
    for (int s = 0; s < n_styles; s++) {
        ImpTensor tensor = check_tensor(shape, IMP_LAYOUT_BLOCKED, styles[s]);
        context->shares[s] = shares[s];
        assert_int_equal(imp_histogram_target_add(context->target, &tensor, context->style_places, shares[s], &error),
                         IMP_OK);
        imp_free(tensor.data);
    }
    return (Subject){.shape = shape, .layout = IMP_LAYOUT_BLOCKED, .make = make, .plain = plain, .context = context};
}

static void free_context(Context *context) {
    imp_histogram_target_free(&context->target);
    assert_null(context->target);
    free(context->remapped);
}

/* R at the activation, as the gradient tells it. */
static void library_map(const Subject *subject, const float *x, double *remapped) {
    size_t count = imp_shape_count(subject->shape);
    double value;
    float *gradient = malloc(count * sizeof *gradient);
    check_run(subject, x, &value, gradient);
    for (size_t i = 0; i < count; i++) remapped[i] = (double)x[i] - (double)gradient[i] / (2 * weight);
    free(gradient);
}

/* --- tests -------------------------------------------------------------------------------------------------------- */

static void it_follows_its_definition(void **state) {
    (void)state;
    static const ImpShape shapes[] = {{3, 1, 1, 1}, {5, 4, 1, 1}, {3, 8, 9, 1}, {17, 9, 7, 1}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (int normalisation = 0; normalisation < 4; normalisation++)
            for (int weighted = 0; weighted < 2; weighted++)
                for (int n = 1; n <= MOST_STYLES; n += 2) {
                    Context context;
                    fill(shapes[s]);
                    if (s == 3) relu(activation, imp_shape_count(shapes[s]));
                    Subject subject =
                        subject_of(&context, shapes[s], (ImpNormalisation)normalisation, n, weighted && s > 0);
                    context.channels = s == 2 ? 64 : shapes[s].channels;
                    remap(&context);
                    check_formula(&subject, activation, 1e-4, 1e-4);
                    free_context(&context);
                }
}

static int ascending(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* How many of the sorted numbers are <= x. */
static size_t rank_of(const float *sorted, size_t n, double x) {
    size_t rank = 0;
    while (rank < n && (double)sorted[rank] <= x) rank++;
    return rank;
}

/* With as many places, a number goes where the style's number of the same rank is, but for the width of a bin on either
 * side. */
static void it_agrees_with_sorting(void **state) {
    (void)state;
    ImpShape shape = {17, 40, 30, 1};
    size_t n = imp_shape_places(shape), count = imp_shape_count(shape);
    for (int rectified = 0; rectified < 2; rectified++) {
        Context context;
        fill(shape);
        for (size_t i = 0; i < count; i++) styles[0][i] = expf(styles[0][i]);
        if (rectified) relu(activation, count);
        if (rectified)
            for (size_t i = 0; i < count; i++) styles[0][i] = fmaxf(styles[0][i] - 0.8f, 0);
        Subject subject = subject_of(&context, shape, IMP_NORMALISE_GATYS, 1, false);
        library_map(&subject, activation, context.remapped);
        for (size_t k = 0; k < (size_t)shape.channels; k++) {
            float own[1200], wanted[1200];
            memcpy(own, activation + k * n, sizeof own);
            memcpy(wanted, styles[0] + k * n, sizeof wanted);
            qsort(own, n, sizeof *own, ascending);
            qsort(wanted, n, sizeof *wanted, ascending);
            double own_bin = (double)(own[n - 1] - own[0]) / BINS * 1.01;
            double bin = (double)(wanted[n - 1] - wanted[0]) / BINS * 1.01;
            for (size_t i = 0; i < n; i++) {
                double x = (double)activation[k * n + i], made = context.remapped[k * n + i];
                size_t low = rank_of(own, n, x - own_bin), high = rank_of(own, n, x + own_bin);
                double least = (double)wanted[low > 0 ? low - 1 : 0] - bin, most = (double)wanted[high - 1] + bin;
                if (!(made >= least && made <= most)) fail_msg("%g goes to %g, not %g to %g", x, made, least, most);
            }
        }
        free_context(&context);
    }
}

/* The mean over places and channels is far below what rounding to bins would cost. */
static void the_style_itself_rests(void **state) {
    (void)state;
    ImpShape shape = {17, 40, 30, 1};
    for (int normalisation = 0; normalisation < 4; normalisation++)
        for (int weighted = 0; weighted < 2; weighted++) {
            if (normalisation == IMP_NORMALISE_SCALED) continue;
            Context context;
            fill(shape);
            relu(styles[0], imp_shape_count(shape));
            memcpy(style_places, places, sizeof places);
            Subject subject = subject_of(&context, shape, (ImpNormalisation)normalisation, 1, weighted);
            if (weighted) context.places = style_places;
            check_rest(&subject, styles[0], 1e-5);
            double value;
            float gradient[17 * 1200];
            check_run(&subject, styles[0], &value, gradient);
            assert_true(value < (normalisation == IMP_NORMALISE_GATYS ? 1e-9 : 1e-12));
            free_context(&context);
        }
}

/* Twice the same picture beside itself has the same histogram. */
static void the_size_does_not_matter(void **state) {
    (void)state;
    ImpShape small = {3, 8, 9, 1}, large = {3, 16, 9, 1};
    Context context;
    fill(small);
    Subject subject = subject_of(&context, small, IMP_NORMALISE_RELATIVE, 1, false);
    double values[2];
    float gradient[3 * 16 * 9];
    check_run(&subject, activation, &values[0], gradient);
    static float twice[3 * 16 * 9];
    for (size_t i = 0; i < 3 * 16 * 9; i++) twice[i] = activation[i / 144 * 72 + i % 72];
    context.shape = subject.shape = large;
    check_run(&subject, twice, &values[1], gradient);
    assert_true(fabs(values[0] / values[1] - 1) < 1e-6);
    for (size_t i = 0; i < 3 * 16 * 9; i++) twice[i] = styles[0][i / 144 * 72 + i % 72];
    check_run(&subject, twice, &values[1], gradient);
    assert_true(values[1] < 1e-12);
    free_context(&context);
}

/* Dead and constant channels go to the style's median, and a style that is constant takes everything. */
static void constant_channels(void **state) {
    (void)state;
    ImpShape shape = {3, 8, 9, 1};
    Context context;
    fill(shape);
    for (size_t i = 0; i < 72; i++) {
        activation[i] = 0;
        activation[72 + i] = 4;
        styles[0][72 + i] = (float)i;
        styles[0][144 + i] = -3;
    }
    relu(styles[0], 72);
    Subject subject = subject_of(&context, shape, IMP_NORMALISE_GATYS, 1, false);
    library_map(&subject, activation, context.remapped);
    for (size_t i = 0; i < 72; i++) {
        assert_true(fabs(context.remapped[i] - context.remapped[0]) < 1e-6 && fabs(context.remapped[i]) < 0.3);
        assert_true(fabs(context.remapped[72 + i] - 35.5) < 0.6);
        assert_true(fabs(context.remapped[144 + i] + 3) < 1e-6);
    }
    free_context(&context);
}

static void numbers_that_are_none_show(void **state) {
    (void)state;
    static const float none[] = {NAN, INFINITY, -INFINITY};
    for (size_t k = 0; k < sizeof none / sizeof *none; k++) {
        ImpShape shape = {3, 8, 9, 1};
        Context context;
        fill(shape);
        Subject subject = subject_of(&context, shape, IMP_NORMALISE_MEAN, 1, false);
        activation[80] = none[k];
        double value;
        float gradient[3 * 72];
        check_run(&subject, activation, &value, gradient);
        assert_false(isfinite(value));
        free_context(&context);
    }
}

static void weights_choose_places(void **state) {
    (void)state;
    ImpShape shape = {3, 8, 9, 1};
    Context context;
    fill(shape);
    Subject subject = subject_of(&context, shape, IMP_NORMALISE_MEAN, 1, true);
    double values[2];
    float gradients[2][3 * 72];
    check_run(&subject, activation, &values[0], gradients[0]);
    for (int i = 0; i < 3 * 72; i++)
        if (places[i % 72] == 0) activation[i] = 1e4f;
    check_run(&subject, activation, &values[1], gradients[1]);
    assert_true(values[0] == values[1]);
    for (int i = 0; i < 3 * 72; i++) assert_true(gradients[0][i] == gradients[1][i]);
    memset(places, 0, sizeof places);
    check_rest(&subject, activation, 0);
    free_context(&context);
    /* A style whose places weigh nothing is none, and without a style there is no loss. */
    fill(shape);
    memset(style_places, 0, sizeof style_places);
    subject = subject_of(&context, shape, IMP_NORMALISE_RELATIVE, 1, true);
    check_rest(&subject, activation, 0);
    free_context(&context);
}

static void any_number_of_threads_gives_the_same_bits(void **state) {
    (void)state;
    ImpShape shape = {40, 100, 90, 1};
    for (int weighted = 0; weighted < 2; weighted++) {
        Context context;
        fill(shape);
        Subject subject = subject_of(&context, shape, IMP_NORMALISE_RELATIVE, 2, weighted);
        check_threads(&subject, activation);
        free_context(&context);
    }
}

static void running_out_of_memory(void **state) {
    (void)state;
    ImpShape shape = {3, 8, 9, 1};
    Context context;
    fill(shape);
    Subject subject = subject_of(&context, shape, IMP_NORMALISE_MEAN, 2, true);
    check_memory(&subject);
    ImpTensor tensor = check_tensor(shape, IMP_LAYOUT_BLOCKED, styles[0]);
    ImpStatus status;
    long countdown = 0;
    do {
        ImpError error;
        ImpHistogramTarget *target = NULL;
        imp_alloc_fail_after(countdown++);
        status = imp_histogram_target_new(3, &target, &error);
        for (int k = 0; k < 2 && status == IMP_OK; k++)
            status = imp_histogram_target_add(target, &tensor, NULL, 1, &error);
        imp_alloc_fail_after(-1);
        assert_true(status == IMP_OK || status == IMP_ERROR_MEMORY);
        imp_histogram_target_free(&target);
    } while (status != IMP_OK);
    assert_true(countdown > 10);
    imp_free(tensor.data);
    free_context(&context);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_follows_its_definition), cmocka_unit_test(it_agrees_with_sorting),
        cmocka_unit_test(the_style_itself_rests),    cmocka_unit_test(the_size_does_not_matter),
        cmocka_unit_test(constant_channels),         cmocka_unit_test(numbers_that_are_none_show),
        cmocka_unit_test(weights_choose_places),     cmocka_unit_test(any_number_of_threads_gives_the_same_bits),
        cmocka_unit_test(running_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
