/* Texture synthesis by non-parametric sampling (Efros, Leung 1999): see grow.h. */
#include "method/texture/grow.h"
#include "method/texture/model.h"
#include "method/texture/start.h"

enum { USUAL_WINDOW = 15, SEED_SIDE = 3 };

/* Puts 3x3 pixels of the exemplar into the middle, fewer where one of the two is smaller. */
static ImpStatus plant_seed(const ImpTextureSample *sample, ImpRandom *random, ImpTextureCanvas *canvas,
                            ImpError *error) {
    ImpTextureSearch *search;
    int side = SEED_SIDE;
    if (canvas->width < side) side = canvas->width;
    if (canvas->height < side) side = canvas->height;
    if (side % 2 == 0) side--;
    ImpStatus status = imp_texture_fit_window(sample, side, &side, &search, error);
    if (status != IMP_OK) return status;
    int corner = imp_texture_search_any(search, random);
    int left = (canvas->width - side) / 2, top = (canvas->height - side) / 2;
    for (int j = 0; j < side; j++)
        for (int i = 0; i < side; i++)
            canvas->source[(top + j) * canvas->width + left + i] = corner + j * sample->width + i;
    imp_texture_search_free(&search);
    return IMP_OK;
}

static ImpStatus grow_all(const ImpTextureJob *job, const ImpTextureStart *start, ImpTextureCanvas *canvas,
                          ImpError *error) {
    int wanted = job->settings->window ? job->settings->window : USUAL_WINDOW, window;
    ImpTextureSearch *search;
    ImpStatus status = imp_texture_fit_window(&start->sample, wanted, &window, &search, error);
    if (status != IMP_OK) return status;
    if (window < wanted)
        imp_texture_watch_notice(job->watch, "no window of %d pixels fits into what is known; one of %d is taken",
                                 wanted, window);
    ImpTextureStage stage = {.scale = 1, .scales = 1, .canvas = canvas};
    size_t places = (size_t)canvas->width * (size_t)canvas->height;
    for (size_t i = 0; i < places; i++) stage.steps += canvas->source[i] < 0;
    ImpTextureGrowth growth = {.sample = &start->sample,
                               .search = search,
                               .window = window,
                               .epsilon = job->settings->epsilon,
                               .max_error = job->settings->max_error,
                               .random = job->random,
                               .canvas = canvas,
                               .watch = job->watch,
                               .stage = &stage};
    status = imp_texture_grow(&growth, error);
    imp_texture_search_free(&search);
    return status;
}

static ImpStatus run(const ImpTextureJob *job, ImpImage **out, ImpError *error) {
    ImpTextureStart start;
    *out = NULL;
    ImpStatus status = imp_texture_start(job, &start, error);
    if (status == IMP_OK && !job->hole) status = plant_seed(&start.sample, job->random, &start.canvas, error);
    if (status == IMP_OK) status = grow_all(job, &start, &start.canvas, error);
    if (status == IMP_OK)
        status = imp_texture_canvas_paint(&start.canvas, job->exemplar, job->settings->width, job->settings->height, 0,
                                          out, error);
    imp_texture_start_clear(&start);
    return status;
}

const ImpTextureModel imp_texture_efros_leung = {
    .name = "efros-leung", .options = "|size|window|epsilon|max-error|hole|", .fills = true, .run = run};
