#include "network/transform_run.h"

#include "base/error.h"
#include "base/memory.h"
#include "network/transform_bands.h"
#include <string.h>

void imp_transform_load(const ImpTransformRun *run, int first, int rows, int padded, float *out) {
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < rows; y++) {
            size_t row = (size_t)c * (size_t)run->height + (size_t)imp_reflected(first + y, run->height);
            const float *from = run->rgb + row * (size_t)run->width;
            for (int x = 0; x < run->width; x++) out[x] = 255 * from[x];
            for (int x = run->width; x < padded; x++) out[x] = 255 * from[imp_reflected(x, run->width)];
            out += padded;
        }
}

void imp_transform_store(const ImpTransformRun *run, const float *result, int rows, int padded, int y, int to) {
    if (to >= run->height) return;
    for (int c = 0; c < 3; c++) {
        const float *from = result + ((size_t)c * (size_t)rows + (size_t)y) * (size_t)padded;
        float *row = run->out + ((size_t)c * (size_t)run->height + (size_t)to) * (size_t)run->width;
        for (int x = 0; x < run->width; x++) row[x] = from[x] / 255;
    }
}

static int multiple_of_4(int side) {
    return (side + 3) / 4 * 4;
}

struct ImpTransformPlan {
    const ImpTransformNet *net;
    int width, height; /* of the picture */
    ImpGraph *graph;
    ImpNode *result;
};

void imp_transform_plan_free(ImpTransformPlan **plan) {
    if (!*plan) return;
    imp_graph_free(&(*plan)->graph);
    imp_free(*plan);
    *plan = NULL;
}

/* Activations are memory that is only taken once it is written: a graph that turns out to be too large cost nothing. */
static ImpStatus plan_whole(const ImpTransformRun *run, ImpTransformPlan **out, ImpError *error) {
    ImpStatus status = IMP_ALLOC(out, 1, "plan of the network", error);
    if (status != IMP_OK) return status;
    ImpTransformPlan *plan = *out;
    *plan = (ImpTransformPlan){.net = run->net, .width = run->width, .height = run->height};
    ImpShape shape = {3, multiple_of_4(run->height), multiple_of_4(run->width), 1};
    status = imp_graph_new(shape, &plan->graph, error);
    if (status != IMP_OK) return status;
    plan->result = imp_graph_input(plan->graph);
    status = imp_transform_build(plan->graph, run->net, NULL, &plan->result, error);
    if (status == IMP_OK) imp_graph_tap(plan->result);
    return status == IMP_OK ? imp_graph_plan(plan->graph, false, error) : status;
}

static bool fits(const ImpTransformPlan *plan, const ImpTransformRun *run) {
    return plan && plan->net == run->net && plan->width == run->width && plan->height == run->height &&
           imp_graph_bytes(plan->graph) <= run->memory;
}

static ImpStatus run_whole(const ImpTransformRun *run, const ImpTransformPlan *plan, ImpError *error) {
    ImpShape shape = imp_graph_shape(imp_graph_input(plan->graph));
    imp_transform_load(run, 0, shape.height, shape.width, imp_graph_input_data(plan->graph));
    ImpStatus status = imp_graph_forward(plan->graph, error);
    if (status != IMP_OK) return status;
    ImpTensor value = imp_graph_value(plan->result);
    for (int y = 0; y < run->height; y++) imp_transform_store(run, value.data, shape.height, shape.width, y, y);
    if (run->progress && !run->progress(run->context, 1, 1))
        return imp_fail(error, IMP_ERROR_STOPPED, "stopped before the picture was done");
    return IMP_OK;
}

ImpStatus imp_transform_run(const ImpTransformRun *run, ImpTransformPlan **kept, ImpError *error) {
    ImpTransformPlan *own = NULL, **plan = kept ? kept : &own;
    ImpStatus status = IMP_OK;
    if (!fits(*plan, run)) {
        imp_transform_plan_free(plan); /* before the memory of the next one is taken */
        status = plan_whole(run, plan, error);
        if (status != IMP_OK || imp_graph_bytes((*plan)->graph) > run->memory) imp_transform_plan_free(plan);
    }
    if (*plan)
        status = run_whole(run, *plan, error);
    else if (status == IMP_OK || status == IMP_ERROR_MEMORY)
        status = imp_transform_run_bands(run, error);
    imp_transform_plan_free(&own);
    return status;
}
