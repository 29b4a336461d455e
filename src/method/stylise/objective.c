#include "method/stylise/objective.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/threads.h"
#include "feature/bands.h"
#include "method/picture.h"
#include <math.h>
#include <string.h>

/* One loss, and the part it is reported with. */
typedef struct Term {
    ImpLoss *loss;
    ImpStylisePart part;
} Term;

struct ImpStyliseObjective {
    const ImpStyliseSources *sources;
    ImpPixelSpace space;
    ImpShape shape; /* of the picture */
    ImpStyliseTaps taps;
    ImpBands *bands;
    Term *terms; /* (n_terms): first those at taps (n_at_taps), then those on the pixels themselves */
    size_t n_terms, n_at_taps;
    ImpVggWeights network; /* the run's weights, taking pixels as they are optimised */
    double *partial_norms; /* (pieces) */
};

/* The network's input is rgb * scale + offset with rgb = (pixels + mean) / range. Taken together, no digits are lost on
 * the way through [0,1]: neural-style begins with a thousandth of a level and depends on it. */
static void take_pixels(const ImpPixelSpace *space, ImpModelInput *input) {
    for (int c = 0; c < 3; c++) {
        double scale = (double)input->scale[c] / (double)space->range, mean = (double)space->mean[input->source[c]];
        input->scale[c] = (float)scale;
        input->offset[c] = (float)((double)input->offset[c] + scale * mean);
    }
}

/* --- the terms ---------------------------------------------------------------------------------------------------- */

/* Takes the loss over. */
static ImpStatus add_term(ImpStyliseObjective *objective, ImpStylisePart part, ImpLoss *loss, ImpError *error) {
    const ImpStyliseSettings *settings = objective->sources->settings;
    objective->terms[objective->n_terms++] = (Term){loss, part};
    return settings->normalise_gradients[part] ? imp_loss_normalise_gradient(loss, settings->gradient_norm, error)
                                               : IMP_OK;
}

static ImpStatus add_content(ImpStyliseObjective *objective, const ImpImage *content, ImpError *error) {
    ImpLoss *losses[IMP_STYLISE_MAX_LAYERS];
    const size_t *taps = objective->taps.of[IMP_PART_CONTENT];
    ImpStatus status = imp_content_losses(objective->sources, content, taps, losses, error);
    if (status != IMP_OK) return status;
    for (size_t i = 0; i < objective->sources->settings->layers[IMP_PART_CONTENT].count; i++) {
        ImpStatus added = add_term(objective, IMP_PART_CONTENT, losses[i], error);
        if (status == IMP_OK) status = added;
    }
    return status;
}

/* How much of the picture the places make. */
static double mean_of(const float *places, size_t count) {
    double sum = 0;
    if (!places) return 1;
    for (size_t i = 0; i < count; i++) sum += (double)places[i];
    return sum / (double)count;
}

/* Which places count, and for patches what they belong to; both to be freed. */
static ImpStatus place_seat(const ImpStyliseSources *sources, const ImpStyleAim *aim, ImpShape shape, float **places,
                            float **map, ImpError *error) {
    *map = NULL;
    if (aim->part != IMP_PART_MRF)
        return imp_guidance_content_places(sources->guidance, aim->region, shape.width, shape.height, places, error);
    ImpStatus status = imp_guidance_all_places(sources->guidance, shape.width, shape.height, places, error);
    if (status == IMP_OK)
        status = imp_guidance_content_map(sources->guidance, aim->map_weight, shape.width, shape.height, map, error);
    return status;
}

static ImpStatus add_style(ImpStyliseObjective *objective, const ImpStyleAim *aim, ImpError *error) {
    const ImpStyliseSources *sources = objective->sources;
    const ImpLayerWeight *layer = &sources->settings->layers[aim->part].list[aim->layer];
    ImpStyleSeat seat = {.tap = objective->taps.of[aim->part][aim->layer]};
    ImpLoss *loss = NULL;
    float *places = NULL, *map = NULL;
    seat.shape = imp_bands_shape(objective->bands, seat.tap);
    seat.channels = imp_vgg_counted_channels(&objective->network, layer->layer, seat.shape.channels);
    if (seat.tap < objective->taps.n_bare)
        seat.projection = imp_vgg_projection(&objective->network, layer->layer, &seat.rows);
    ImpStatus status = place_seat(sources, aim, seat.shape, &places, &map, error);
    seat.places = places;
    seat.map = map;
    seat.weight = sources->settings->weights[aim->part] * layer->weight;
    seat.weight *= mean_of(places, imp_shape_places(seat.shape));
    if (sources->settings->normalise_weights) seat.weight /= seat.channels;
    if (status == IMP_OK) status = imp_style_target_loss(aim->target, &seat, &loss, error);
    imp_free(places);
    imp_free(map);
    return status == IMP_OK ? add_term(objective, aim->part, loss, error) : status;
}

static ImpStatus add_styles(ImpStyliseObjective *objective, const ImpStyleAims *aims, ImpError *error) {
    ImpStatus status = IMP_OK;
    for (size_t i = 0; i < aims->count && status == IMP_OK; i++) status = add_style(objective, &aims->list[i], error);
    return status;
}

static ImpStatus add_tv(ImpStyliseObjective *objective, ImpError *error) {
    const ImpStyliseSettings *settings = objective->sources->settings;
    ImpLoss *loss;
    if (settings->weights[IMP_PART_TV] == 0) return IMP_OK;
    ImpStatus status =
        imp_tv_loss_new(0, settings->weights[IMP_PART_TV], settings->tv_kind, objective->shape, &loss, error);
    return status == IMP_OK ? add_term(objective, IMP_PART_TV, loss, error) : status;
}

/* The content as the optimised numbers are: the loss is then in their units, as total variation is. */
static ImpStatus add_laplacian(ImpStyliseObjective *objective, const ImpImage *content, ImpError *error) {
    const ImpStyliseSettings *settings = objective->sources->settings;
    double weight = settings->weights[IMP_PART_LAPLACIAN];
    ImpTensor target = {.shape = objective->shape, .layout = IMP_LAYOUT_PLAIN, .block = 1};
    if (weight == 0) return IMP_OK;
    ImpStatus status = IMP_ALLOC(&target.data, imp_shape_count(target.shape), "content", error);
    if (status != IMP_OK) return status;
    imp_pixels_from_rgb(&objective->space, content->rgb, imp_shape_places(target.shape), target.data);
    for (size_t i = 0; i < settings->n_pools && status == IMP_OK; i++) {
        double share = settings->laplacian_weights ? settings->laplacian_weights[i] : 1;
        ImpLoss *loss;
        status = imp_laplacian_loss_new(0, weight * share, (int)settings->laplacian_pools[i], &target, &loss, error);
        if (status == IMP_OK) status = add_term(objective, IMP_PART_LAPLACIAN, loss, error);
    }
    imp_free(target.data);
    return status;
}

/* Losses that must see all at once do not go with bands. */
static ImpStatus check_parts(const ImpStyliseObjective *objective, ImpError *error) {
    for (size_t i = 0; i < objective->n_at_taps && imp_bands_count(objective->bands) > 1; i++)
        if (!imp_loss_takes_parts(objective->terms[i].loss))
            return imp_fail(error, IMP_ERROR_UNSUPPORTED,
                            "in bands only content and Gram losses can be computed, without masks and normalised "
                            "gradients; leave band-rows out, or the %s loss",
                            imp_stylise_part_name(objective->terms[i].part));
    return IMP_OK;
}

/* --- making ------------------------------------------------------------------------------------------------------- */

/* The network, and memory for n_styles losses and all others. */
static ImpStatus make_parts(ImpStyliseObjective *objective, size_t n_styles, ImpError *error) {
    size_t n = imp_shape_count(objective->shape);
    ImpVggSpec spec = imp_stylise_network(objective->sources->settings, &objective->taps);
    ImpStatus status = imp_bands_new(&objective->network, &spec, objective->shape.height, objective->shape.width,
                                     objective->sources->band_rows, true, &objective->bands, error);
    size_t others = IMP_STYLISE_MAX_LAYERS + objective->sources->settings->n_pools + 1;
    if (status == IMP_OK) status = IMP_ALLOC(&objective->terms, n_styles + others, "losses", error);
    if (status == IMP_OK) status = IMP_ALLOC(&objective->partial_norms, n / IMP_PIECE + 1, "sums", error);
    return status;
}

ImpStatus imp_stylise_objective_new(const ImpStyliseSources *sources, const ImpDescentScale *scale,
                                    const ImpImage *content, ImpStyliseObjective **out, ImpError *error) {
    ImpStatus status = IMP_ALLOC(out, 1, "objective", error);
    if (status != IMP_OK) return status;
    ImpStyliseObjective *objective = *out;
    objective->sources = sources;
    objective->space = imp_pixel_space(sources->settings->descent.bytes);
    objective->shape = (ImpShape){3, scale->height, scale->width, 1};
    objective->network = *sources->weights;
    objective->taps = imp_stylise_taps(sources->settings, false);
    take_pixels(&objective->space, &objective->network.input);
    ImpStyleAims aims;
    status = imp_style_aims(sources, scale, content, &aims, error);
    if (status == IMP_OK) status = make_parts(objective, aims.count, error);
    if (status == IMP_OK) status = add_content(objective, content, error);
    if (status == IMP_OK) status = add_styles(objective, &aims, error);
    objective->n_at_taps = objective->n_terms;
    if (status == IMP_OK) status = check_parts(objective, error);
    if (status == IMP_OK) status = add_laplacian(objective, content, error);
    if (status == IMP_OK) status = add_tv(objective, error);
    imp_style_aims_end(&aims);
    if (status != IMP_OK) imp_stylise_objective_free(out);
    return status;
}

void imp_stylise_objective_free(ImpStyliseObjective **objective) {
    ImpStyliseObjective *o = *objective;
    if (!o) return;
    for (size_t i = 0; i < o->n_terms; i++) imp_loss_free(&o->terms[i].loss);
    imp_free(o->terms);
    imp_bands_free(&o->bands);
    imp_free(o->partial_norms);
    imp_free(o);
    *objective = NULL;
}

/* --- evaluating --------------------------------------------------------------------------------------------------- */

/* Adds the term's value to its part. */
static void count_value(const ImpStyliseObjective *objective, const Term *term, double value, ImpDescentLosses *out) {
    out->parts[objective->sources->settings->reported[term->part]] += value;
    out->total += value;
}

/* The values of all terms at taps, of the whole picture at once. */
static ImpStatus add_values(ImpStyliseObjective *objective, ImpDescentLosses *out, ImpError *error) {
    ImpStatus status = IMP_OK;
    for (size_t i = 0; i < objective->n_at_taps && status == IMP_OK; i++) {
        const Term *term = &objective->terms[i];
        int row;
        ImpTensor activation = imp_bands_part(objective->bands, term->loss->tap, &row);
        double value = 0;
        status = imp_loss_value(term->loss, &activation, &value, error);
        count_value(objective, term, value, out);
    }
    return status;
}

/* Adds the band of the last forward pass to the terms. */
static void add_band(ImpStyliseObjective *objective) {
    for (size_t tap = 0; tap < objective->taps.count; tap++) {
        int row;
        ImpTensor part = imp_bands_part(objective->bands, tap, &row);
        for (size_t i = 0; i < objective->n_at_taps; i++)
            if (objective->terms[i].loss->tap == tap) imp_loss_add_part(objective->terms[i].loss, &part, row);
    }
}

static void part_gradient(void *context, size_t tap, const ImpTensor *part, int row, const ImpTensor *gradient) {
    const ImpStyliseObjective *objective = context;
    bool whole = imp_bands_count(objective->bands) == 1;
    for (size_t i = 0; i < objective->n_at_taps; i++) {
        ImpLoss *loss = objective->terms[i].loss;
        if (loss->tap != tap) continue;
        if (whole)
            imp_loss_add_gradient(loss, part, gradient);
        else
            imp_loss_add_part_gradient(loss, part, row, gradient);
    }
}

/* Band after band: first all values, on which the gradients depend, then back through each. The last band's activations
 * are still there when the way back begins. */
static ImpStatus evaluate_bands(ImpStyliseObjective *objective, const float *pixels, float *gradient,
                                ImpDescentLosses *out, ImpError *error) {
    size_t count = imp_bands_count(objective->bands);
    ImpStatus status = IMP_OK;
    for (size_t i = 0; i < objective->n_at_taps; i++) imp_loss_begin(objective->terms[i].loss);
    for (size_t band = 0; band < count && status == IMP_OK; band++) {
        status = imp_bands_forward(objective->bands, band, pixels, error);
        if (status == IMP_OK) add_band(objective);
    }
    for (size_t i = 0; i < objective->n_at_taps && status == IMP_OK; i++) {
        double value;
        imp_loss_end(objective->terms[i].loss, &value);
        count_value(objective, &objective->terms[i], value, out);
    }
    memset(gradient, 0, imp_shape_count(objective->shape) * sizeof *gradient);
    for (size_t band = count; band-- > 0 && status == IMP_OK;) {
        if (band + 1 < count) status = imp_bands_forward(objective->bands, band, pixels, error);
        if (status == IMP_OK) status = imp_bands_backward(objective->bands, part_gradient, objective, gradient, error);
    }
    return status;
}

static ImpStatus evaluate_whole(ImpStyliseObjective *objective, const float *pixels, float *gradient,
                                ImpDescentLosses *out, ImpError *error) {
    ImpStatus status = imp_bands_forward(objective->bands, 0, pixels, error);
    if (status == IMP_OK) status = add_values(objective, out, error);
    if (status == IMP_OK) status = imp_bands_backward(objective->bands, part_gradient, objective, gradient, error);
    return status;
}

typedef struct Norm {
    const float *gradient;
    double *sums;
    size_t n;
} Norm;

static void square_piece(void *context, size_t i) {
    const Norm *norm = context;
    size_t end = (i + 1) * IMP_PIECE < norm->n ? (i + 1) * IMP_PIECE : norm->n;
    double sum = 0;
    for (size_t j = i * IMP_PIECE; j < end; j++) sum += (double)norm->gradient[j] * (double)norm->gradient[j];
    norm->sums[i] = sum;
}

static ImpStatus add_picture(const ImpStyliseObjective *objective, float *pixels, float *gradient,
                             ImpDescentLosses *out, ImpError *error) {
    ImpTensor picture = {.shape = objective->shape, .layout = IMP_LAYOUT_PLAIN, .block = 1, .data = pixels};
    ImpTensor slope = picture;
    slope.data = gradient;
    ImpStatus status = IMP_OK;
    for (size_t i = objective->n_at_taps; i < objective->n_terms && status == IMP_OK; i++) {
        const Term *term = &objective->terms[i];
        double value = 0;
        status = imp_loss_value(term->loss, &picture, &value, error);
        count_value(objective, term, value, out);
        if (status == IMP_OK) imp_loss_add_gradient(term->loss, &picture, &slope);
    }
    return status;
}

ImpStatus imp_stylise_evaluate(void *context, float *pixels, float *gradient, ImpDescentLosses *out, ImpError *error) {
    ImpStyliseObjective *objective = context;
    const ImpStyliseSettings *settings = objective->sources->settings;
    size_t places = imp_shape_places(objective->shape), n = 3 * places, pieces = (n + IMP_PIECE - 1) / IMP_PIECE;
    *out = (ImpDescentLosses){0};
    if (settings->descent.clamp) imp_pixels_clamp(&objective->space, pixels, places);
    bool whole = imp_bands_count(objective->bands) == 1;
    ImpStatus status = (whole ? evaluate_whole : evaluate_bands)(objective, pixels, gradient, out, error);
    if (status == IMP_OK) status = add_picture(objective, pixels, gradient, out, error);
    if (status != IMP_OK) return status;
    Norm norm = {gradient, objective->partial_norms, n};
    imp_parallel(pieces, square_piece, &norm);
    out->parts[settings->descent.n_parts - 1] = sqrt(imp_sum_in_order(objective->partial_norms, pieces));
    return IMP_OK;
}
