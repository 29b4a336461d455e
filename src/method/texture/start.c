#include "method/texture/start.h"

#include "base/error.h"

ImpStatus imp_texture_start(const ImpTextureJob *job, ImpTextureStart *out, ImpError *error) {
    *out = (ImpTextureStart){0};
    ImpStatus status = imp_texture_sample_new(job->exemplar, job->hole, &out->sample, error);
    if (status == IMP_OK && out->sample.n_known == 0)
        status =
            imp_fail(error, IMP_ERROR_ARGUMENT,
                     job->hole ? "the hole covers all that can be seen of the picture; nothing is left to fill it from"
                               : "the exemplar is transparent everywhere; give one that can be seen");
    if (status == IMP_OK)
        status = imp_texture_canvas_new(job->settings->width, job->settings->height, &out->canvas, error);
    size_t places = (size_t)out->canvas.width * (size_t)out->canvas.height;
    for (size_t i = 0; i < places && status == IMP_OK && job->hole; i++)
        if (!job->hole[i]) out->canvas.source[i] = (int32_t)i;
    return status;
}

void imp_texture_start_clear(ImpTextureStart *start) {
    imp_texture_sample_clear(&start->sample);
    imp_texture_canvas_clear(&start->canvas);
}
