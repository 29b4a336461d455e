/* impasto model fetch, and impasto model convert. */
#include "model.h"

#include "paths.h"
#include "progress.h"
#include "signals.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- The progress of a download ---- */

static const double redraw_interval = 0.2; /* seconds, on a terminal */
static const double line_interval = 10;    /* seconds between plain lines */

typedef struct Watch {
    Progress progress; /* for where and when to draw */
    const char *name;
    const char *source;        /* the one last seen */
    double rate, rate_seconds; /* bytes a second, smoothed; where it was last measured */
    uint64_t rate_bytes;
} Watch;

static void measure(Watch *watch, const ImpModelProgress *now, double clock) {
    double elapsed = clock - watch->rate_seconds;
    if (watch->rate_seconds <= 0 || now->received < watch->rate_bytes) {
        watch->rate = 0;
    } else if (elapsed < 0.5) {
        return;
    } else {
        double rate = (double)(now->received - watch->rate_bytes) / elapsed;
        watch->rate = watch->rate > 0 ? 0.7 * watch->rate + 0.3 * rate : rate;
    }
    watch->rate_seconds = clock;
    watch->rate_bytes = now->received;
}

static void compose(const Watch *watch, const ImpModelProgress *now, char *line, size_t size) {
    char received[32], total[32], rate[32], left[32];
    format_bytes(now->received, received);
    format_bytes(now->total, total);
    format_bytes((uint64_t)watch->rate, rate);
    int used = snprintf(line, size, "%s  %s", watch->name, received);
    if (now->total > 0)
        used += snprintf(line + used, size - (size_t)used, " of %s  %3.0f%%", total,
                         100 * (double)now->received / (double)now->total);
    if (watch->rate < 1) return;
    used += snprintf(line + used, size - (size_t)used, "  %s/s", rate);
    if (now->total == 0) return;
    format_duration((double)(now->total - now->received) / watch->rate, left);
    snprintf(line + used, size - (size_t)used, "  %s left", left);
}

static void draw(Watch *watch, const ImpModelProgress *now) {
    double clock = clock_seconds();
    measure(watch, now, clock);
    if (clock < watch->progress.next) return;
    watch->progress.next = clock + (watch->progress.terminal ? redraw_interval : line_interval);
    char line[256];
    compose(watch, now, line, sizeof line);
    if (watch->progress.terminal)
        fprintf(stderr, "\r%.79s\x1b[K", line);
    else
        fprintf(stderr, "%s\n", line);
    fflush(stderr);
    watch->progress.drawn = watch->progress.terminal;
}

static void say_source(Watch *watch, const ImpModelProgress *now) {
    if (watch->source == now->source) return;
    watch->source = now->source;
    progress_wipe(&watch->progress);
    complain("downloading %s", now->source);
    char size[32];
    format_bytes(now->resumed, size);
    if (now->resumed > 0) complain("%s are here already; going on from there", size);
}

static bool on_progress(const ImpModelProgress *now, void *context) {
    Watch *watch = context;
    if (!watch->progress.quiet) {
        say_source(watch, now);
        draw(watch, now);
    }
    return !signals_stop_asked();
}

/* ---- fetch ---- */

/* The values of all --source options, in order; to be freed with free. NULL on no memory. */
static const char **collect_sources(const Arguments *arguments, size_t *count) {
    const char **sources = calloc(arguments->n_settings + 1, sizeof *sources);
    *count = 0;
    for (size_t i = 0; sources && i < arguments->n_settings; i++)
        if (strcmp(arguments->settings[i].row->name, "source") == 0) sources[(*count)++] = arguments->settings[i].value;
    return sources;
}

static void say_fetched(const char *name, const ImpModelFetched *fetched) {
    if (fetched->present) {
        printf("%s is here already: %s (--again fetches it again)\n", name, fetched->path);
        return;
    }
    printf("%s: %s\n", name, fetched->path);
    if (fetched->verified)
        printf("The SHA-256 of the download is right.\n");
    else
        printf("The download was not verified; its SHA-256 is %s.\n", fetched->sha256);
}

int model_fetch(const ModelCall *call) {
    const char *name = call->arguments->positional[0];
    bool quiet = imp_params_flag(call->params, "quiet");
    Watch watch = {.name = name};
    ImpModelFetchOptions options = {.half = imp_params_flag(call->params, "half"),
                                    .again = imp_params_flag(call->params, "again"),
                                    .sha256 = imp_params_text(call->params, "sha256"),
                                    .progress = on_progress,
                                    .context = &watch};
    const char **sources = collect_sources(call->arguments, &options.n_sources);
    if (!sources) {
        complain("out of memory for the command line");
        return EXIT_FAULT;
    }
    options.sources = sources;
    progress_begin(&watch.progress, quiet);
    signals_catch(NULL);
    ImpModelFetched fetched;
    ImpError error;
    ImpStatus status = imp_model_fetch(name, &options, &fetched, &error);
    progress_wipe(&watch.progress);
    if (status != IMP_OK)
        complain("%s", error.message);
    else if (!quiet)
        say_fetched(name, &fetched);
    free(sources);
    return exit_status_of(status);
}

/* ---- convert ---- */

int model_convert(const ModelCall *call) {
    const char *from = call->arguments->positional[0], *to = call->arguments->positional[1];
    ImpError error;
    if (same_file(from, to))
        return wrong_usage("model convert", "%s and %s are the same file, which would be lost; choose another name",
                           from, to);
    ImpStatus status = imp_model_convert(from, to, imp_params_flag(call->params, "half"),
                                         imp_params_text(call->params, "model-input"), &error);
    if (status == IMP_OK && imp_params_flag(call->params, "quiet")) return EXIT_GOOD;
    ImpModelInfo *info = NULL;
    if (status == IMP_OK) status = imp_model_info(to, NULL, &info, &error);
    if (status != IMP_OK) {
        complain("%s", error.message);
        return exit_status_of(status);
    }
    char size[32];
    format_bytes(info->size, size);
    printf("%s: %s up to %s, %s input, %s\n", to, info->architecture ? info->architecture : "?", info->deepest,
           info->input ? info->input : "?", size);
    imp_model_info_free(&info);
    return EXIT_GOOD;
}
