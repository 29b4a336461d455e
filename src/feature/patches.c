#include "feature/patches.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/threads.h"
#include "compute/kernel/kernel.h"
#include <assert.h>
#include <limits.h>
#include <math.h>
#include <string.h>

/* --- the set ------------------------------------------------------------------------------------------------------ */

typedef struct Style {
    int height, width;
    float *places; /* (H, blocks, W, B): a row of all blocks is what the search reads at a time */
} Style;

struct ImpPatchSet {
    const ImpKernels *kernels;
    int channels, guides, blocks, guide_blocks;
    size_t count, capacity;
    Style *styles;
};

static int blocks_of(int channels, int block) {
    return (channels + block - 1) / block;
}

ImpStatus imp_patch_set_new(int channels, int guides, ImpPatchSet **out, ImpError *error) {
    ImpStatus status = IMP_ALLOC(out, 1, "style patches", error);
    if (status != IMP_OK) return status;
    ImpPatchSet *set = *out;
    set->kernels = imp_kernels();
    set->channels = channels;
    set->guides = guides;
    set->blocks = blocks_of(channels, set->kernels->block);
    set->guide_blocks = blocks_of(guides, set->kernels->block);
    return IMP_OK;
}

void imp_patch_set_free(ImpPatchSet **set) {
    if (!*set) return;
    for (size_t i = 0; i < (*set)->count; i++) imp_free((*set)->styles[i].places);
    imp_free((*set)->styles);
    imp_free(*set);
    *set = NULL;
}

static size_t row_floats(const ImpPatchSet *set, int width) {
    return (size_t)(set->blocks + set->guide_blocks) * (size_t)width * (size_t)set->kernels->block;
}

size_t imp_patch_set_bytes(const ImpPatchSet *set) {
    size_t floats = 0;
    for (size_t i = 0; i < set->count; i++)
        floats += (size_t)set->styles[i].height * row_floats(set, set->styles[i].width);
    return floats * sizeof(float);
}

/* Both kinds of numbers into the rows of style->places. */
static void copy_places(const ImpPatchSet *set, const ImpTensor *activation, const float *guidance, Style *style) {
    size_t block = (size_t)set->kernels->block, width = (size_t)style->width, row = row_floats(set, style->width);
    size_t height = (size_t)style->height, blocks = (size_t)set->blocks;
    for (size_t y = 0; y < height; y++) {
        float *to = style->places + y * row;
        for (size_t b = 0; b < blocks; b++)
            memcpy(to + b * width * block, activation->data + (b * height + y) * width * block,
                   width * block * sizeof *to);
        to += blocks * width * block;
        for (size_t g = 0; g < (size_t)set->guides; g++)
            for (size_t x = 0; x < width; x++)
                to[(g / block * width + x) * block + g % block] = guidance[(g * height + y) * width + x];
    }
}

static ImpStatus make_room(ImpPatchSet *set, ImpError *error) {
    if (set->count < set->capacity) return IMP_OK;
    size_t capacity = 2 * set->capacity + 4;
    Style *styles = imp_realloc(set->styles, set->capacity, capacity, sizeof *styles);
    if (!styles) return imp_fail(error, IMP_ERROR_MEMORY, "no memory for the list of %zu styles", capacity);
    set->styles = styles;
    set->capacity = capacity;
    return IMP_OK;
}

/* Patches have numbers of type int. */
static ImpStatus check_count(const ImpPatchSet *set, ImpShape shape, ImpError *error) {
    double places = (double)imp_shape_places(shape);
    for (size_t i = 0; i < set->count; i++) places += (double)set->styles[i].height * set->styles[i].width;
    if (places < INT_MAX) return IMP_OK;
    return imp_fail(error, IMP_ERROR_MEMORY, "the styles have %.0f patches together, more than %d; give smaller styles",
                    places, INT_MAX);
}

ImpStatus imp_patch_set_add(ImpPatchSet *set, const ImpTensor *activation, const float *guidance, ImpError *error) {
    assert(activation->shape.channels == set->channels && (guidance || set->guides == 0));
    assert(activation->layout == IMP_LAYOUT_BLOCKED && activation->block == set->kernels->block);
    Style style = {.height = activation->shape.height, .width = activation->shape.width};
    ImpStatus status = check_count(set, activation->shape, error);
    if (status == IMP_OK) status = make_room(set, error);
    if (status == IMP_OK)
        status = IMP_ALLOC(&style.places, (size_t)style.height * row_floats(set, style.width), "style patches", error);
    if (status != IMP_OK) return status;
    copy_places(set, activation, guidance, &style);
    set->styles[set->count++] = style;
    return IMP_OK;
}

/* --- the search --------------------------------------------------------------------------------------------------- */

typedef struct ImpPatchWork {
    const ImpPatchSet *set;
    ImpShape shape;
    int style_stride, threads;
    float *guide;   /* (guide blocks,H,W,B) */
    float **factor; /* a style: (rows,columns), 1 / |b| */
    float *score;
    int *nearest; /* (rows,columns): numbers of patches, all styles counted on */
    float *packed, *scratch;
} ImpPatchWork;

static int along(int side, int patch, int stride) {
    return (side - patch) / stride + 1;
}

static size_t patches_in(const ImpPatchSearch *search) {
    return (size_t)search->rows * (size_t)search->columns;
}

static int style_patches(const ImpPatchSearch *search, const Style *style) {
    int stride = search->work->style_stride;
    return along(style->height, search->tall, stride) * along(style->width, search->wide, stride);
}

static ImpPatchMatch job_of(const ImpPatchSearch *search, const Style *style, const float *factor, int first) {
    const ImpPatchWork *work = search->work;
    return (ImpPatchMatch){.blocks = work->set->blocks,
                           .guide_blocks = work->set->guide_blocks,
                           .tall = search->tall,
                           .wide = search->wide,
                           .height = work->shape.height,
                           .width = work->shape.width,
                           .stride = search->stride,
                           .guide = work->guide,
                           .style_height = style->height,
                           .style_width = style->width,
                           .style_stride = work->style_stride,
                           .style = style->places,
                           .factor = factor,
                           .first = first,
                           .score = work->score,
                           .nearest = work->nearest,
                           .packed = work->packed,
                           .scratch = work->scratch};
}

/* squares (H,W,2): of a place's own channels, and of them and the guidance. */
static void sum_squares(const ImpPatchSet *set, const Style *style, double *squares) {
    size_t block = (size_t)set->kernels->block, width = (size_t)style->width;
    const float *from = style->places;
    for (size_t y = 0; y < (size_t)style->height; y++, squares += 2 * width)
        for (int b = 0; b < set->blocks + set->guide_blocks; b++)
            for (size_t x = 0; x < width; x++, from += block) {
                double sum = 0;
                for (size_t lane = 0; lane < block; lane++) sum += (double)from[lane] * (double)from[lane];
                if (b < set->blocks) squares[2 * x] += sum;
                squares[2 * x + 1] += sum;
            }
}

/* factor (rows,columns) of the style's patches; their squares without guidance are added to *total. */
static void set_factors(const ImpPatchSearch *search, const Style *style, const double *squares, float *factor,
                        double *total) {
    int stride = search->work->style_stride;
    for (int y = 0; y + search->tall <= style->height; y += stride)
        for (int x = 0; x + search->wide <= style->width; x += stride) {
            double own = 0, all = 0;
            for (int i = 0; i < search->tall; i++)
                for (int j = 0; j < search->wide; j++) {
                    const double *place = squares + 2 * ((size_t)(y + i) * (size_t)style->width + (size_t)(x + j));
                    own += place[0];
                    all += place[1];
                }
            *total += own;
            *factor++ = all > 0 ? (float)(1 / sqrt(all)) : 0.0f;
        }
}

/* The factors of all styles, and the mean square. */
static ImpStatus measure(ImpPatchSearch *search, ImpError *error) {
    ImpPatchWork *work = search->work;
    double total = 0, count = 0;
    ImpStatus status = IMP_ALLOC(&work->factor, work->set->count, "style patches", error);
    for (size_t i = 0; i < work->set->count && status == IMP_OK; i++) {
        const Style *style = &work->set->styles[i];
        size_t patches = (size_t)style_patches(search, style);
        double *squares = NULL;
        status = IMP_ALLOC(&work->factor[i], patches, "style patches", error);
        if (status == IMP_OK)
            status = IMP_ALLOC(&squares, 2 * (size_t)style->height * (size_t)style->width, "style patches", error);
        if (status != IMP_OK) break;
        sum_squares(work->set, style, squares);
        set_factors(search, style, squares, work->factor[i], &total);
        imp_free(squares);
        count += (double)patches;
    }
    if (status == IMP_OK) search->mean_square = total / count;
    return status;
}

static void set_sides(ImpPatchSearch *search, const ImpPatchSet *set, int size, ImpShape shape) {
    search->tall = size < shape.height ? size : shape.height;
    search->wide = size < shape.width ? size : shape.width;
    for (size_t i = 0; i < set->count; i++) {
        if (set->styles[i].height < search->tall) search->tall = set->styles[i].height;
        if (set->styles[i].width < search->wide) search->wide = set->styles[i].width;
    }
    search->rows = along(shape.height, search->tall, search->stride);
    search->columns = along(shape.width, search->wide, search->stride);
}

static ImpStatus take_guidance(ImpPatchWork *work, const float *guidance, ImpError *error) {
    const ImpPatchSet *set = work->set;
    if (set->guides == 0) return IMP_OK;
    ImpShape shape = {set->guides, work->shape.height, work->shape.width, 1};
    ImpTensor guide = {.shape = shape, .layout = IMP_LAYOUT_BLOCKED, .block = set->kernels->block};
    ImpStatus status = IMP_ALLOC(&guide.data, imp_tensor_floats(shape, guide.layout, guide.block), "guidance", error);
    work->guide = guide.data;
    if (status == IMP_OK) imp_tensor_from_plain(&guide, guidance);
    return status;
}

static ImpStatus make_buffers(ImpPatchSearch *search, ImpError *error) {
    ImpPatchWork *work = search->work;
    const ImpKernels *kernels = work->set->kernels;
    size_t scratch = 0;
    ImpPatchMatch job = {0};
    for (size_t i = 0; i < work->set->count; i++) {
        job = job_of(search, &work->set->styles[i], NULL, 0);
        size_t needed = kernels->match_scratch(&job, work->threads);
        if (needed > scratch) scratch = needed;
    }
    ImpStatus status = IMP_ALLOC(&search->found, patches_in(search), "nearest patches", error);
    if (status == IMP_OK) status = IMP_ALLOC(&work->score, patches_in(search), "nearest patches", error);
    if (status == IMP_OK) status = IMP_ALLOC(&work->nearest, patches_in(search), "nearest patches", error);
    if (status == IMP_OK) status = IMP_ALLOC(&work->packed, kernels->match_packed(&job), "nearest patches", error);
    if (status == IMP_OK) status = IMP_ALLOC(&work->scratch, scratch, "nearest patches", error);
    return status;
}

ImpStatus imp_patch_search_new(const ImpPatchSet *set, const ImpPatchOptions *options, ImpShape shape,
                               ImpPatchSearch *out, ImpError *error) {
    assert(set->count > 0 && shape.channels == set->channels && (options->guidance || set->guides == 0));
    assert(options->size % 2 == 1 && options->size >= 1 && options->size <= IMP_PATCH_MOST);
    assert(options->stride >= 1 && options->style_stride >= 1);
    *out = (ImpPatchSearch){.stride = options->stride};
    set_sides(out, set, options->size, shape);
    ImpStatus status = IMP_ALLOC(&out->work, 1, "nearest patches", error);
    if (status != IMP_OK) return status;
    *out->work =
        (ImpPatchWork){.set = set, .shape = shape, .style_stride = options->style_stride, .threads = imp_threads_get()};
    status = take_guidance(out->work, options->guidance, error);
    if (status == IMP_OK) status = measure(out, error);
    if (status == IMP_OK) status = make_buffers(out, error);
    if (status != IMP_OK) imp_patch_search_free(out);
    return status;
}

void imp_patch_search_free(ImpPatchSearch *search) {
    ImpPatchWork *work = search->work;
    if (work) {
        for (size_t i = 0; work->factor && i < work->set->count; i++) imp_free(work->factor[i]);
        imp_free(work->factor);
        imp_free(work->guide);
        imp_free(work->score);
        imp_free(work->nearest);
        imp_free(work->packed);
        imp_free(work->scratch);
    }
    imp_free(work);
    imp_free(search->found);
    *search = (ImpPatchSearch){0};
}

/* Where patch `number` of the set is. */
static ImpPatch patch_of(const ImpPatchSearch *search, int number) {
    const ImpPatchSet *set = search->work->set;
    const Style *style = set->styles;
    for (; number >= style_patches(search, style); style++) number -= style_patches(search, style);
    int stride = search->work->style_stride, columns = along(style->width, search->wide, stride);
    size_t block = (size_t)set->kernels->block, row = row_floats(set, style->width);
    size_t y = (size_t)(number / columns * stride), x = (size_t)(number % columns * stride);
    return (ImpPatch){.corner = style->places + y * row + x * block, .block = (size_t)style->width * block, .row = row};
}

void imp_patch_search_run(ImpPatchSearch *search, const ImpTensor *activation) {
    const ImpPatchWork *work = search->work;
    const ImpPatchSet *set = work->set;
    assert(imp_threads_get() == work->threads && activation->layout == IMP_LAYOUT_BLOCKED);
    assert(activation->shape.height == work->shape.height && activation->shape.width == work->shape.width);
    int first = 0;
    for (size_t i = 0; i < patches_in(search); i++) work->score[i] = -INFINITY;
    memset(work->nearest, 0, patches_in(search) * sizeof *work->nearest);
    for (size_t i = 0; i < set->count; i++) {
        ImpPatchMatch job = job_of(search, &set->styles[i], work->factor[i], first);
        job.source = activation->data;
        if (i == 0) set->kernels->match_pack(&job);
        set->kernels->match(&job);
        first += style_patches(search, &set->styles[i]);
    }
    for (size_t i = 0; i < patches_in(search); i++) search->found[i] = patch_of(search, work->nearest[i]);
}
