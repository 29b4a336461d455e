/* impasto model list, and impasto model info. */
#include "model.h"

#include "text.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void format_bytes(uint64_t bytes, char out[32]) {
    if (bytes < 1024)
        snprintf(out, 32, "%" PRIu64 " bytes", bytes);
    else if (bytes < 1048576)
        snprintf(out, 32, "%.1f KiB", (double)bytes / 1024);
    else
        snprintf(out, 32, "%.1f MiB", (double)bytes / 1048576);
}

/* Names and metadata come from strangers: they must not steer the terminal. */
static void put_plain(const char *text) {
    for (; *text; text++) putchar((unsigned char)*text < 32 || *text == 127 ? '?' : *text);
}

static int fail_with(ImpStatus status, const ImpError *error) {
    complain("%s", error->message);
    return exit_status_of(status);
}

/* Ends the writer and prints its text. */
static int print_json(ImpJsonWriter *writer) {
    char *text;
    ImpError error;
    ImpStatus status = imp_json_writer_finish(writer, &text, &error);
    if (status != IMP_OK) return fail_with(status, &error);
    puts(text);
    free(text);
    return EXIT_GOOD;
}

/* ---- list ---- */

static int list_as_json(const ImpModelList *list) {
    ImpJsonWriter *writer;
    ImpError error;
    ImpStatus status = imp_json_writer_new(2, &writer, &error);
    if (status != IMP_OK) return fail_with(status, &error);
    imp_json_begin_object(writer, NULL);
    imp_json_string(writer, "folder", list->folder);
    imp_json_begin_array(writer, "models");
    for (size_t i = 0; i < list->count; i++) {
        const ImpModelListed *model = &list->models[i];
        imp_json_begin_object(writer, NULL);
        imp_json_string(writer, "name", model->name);
        imp_json_string(writer, "summary", model->summary);
        imp_json_string(writer, "path", model->path);
        imp_json_bool(writer, "built_in", model->built_in);
        imp_json_integer(writer, "bytes", (int64_t)model->size);
        imp_json_integer(writer, "download_bytes", (int64_t)model->fetch_size);
        imp_json_string(writer, "source", model->source);
        imp_json_string(writer, "licence", model->licence);
        imp_json_end(writer);
    }
    imp_json_end(writer);
    imp_json_end(writer);
    int result = print_json(writer);
    imp_json_writer_free(&writer);
    return result;
}

static void print_listed(const ImpModelListed *model, int name_width) {
    char size[32];
    if (model->path || model->built_in)
        format_bytes(model->size, size);
    else
        snprintf(size, sizeof size, "not here");
    printf("  %-*s  %11s", name_width, model->name, size);
    int column = 2 + name_width + 2 + 11 + 2;
    if (*model->summary) {
        fputs("  ", stdout);
        text_wrap(stdout, model->summary, column, column, text_width(stdout));
    } else {
        putchar('\n');
    }
}

static void print_some(const ImpModelList *list, bool built_in) {
    size_t width = 0, n = 0;
    for (size_t i = 0; i < list->count; i++)
        if (strlen(list->models[i].name) > width) width = strlen(list->models[i].name);
    for (size_t i = 0; i < list->count; i++) {
        if (list->models[i].built_in != built_in) continue;
        if (n++ == 0 && built_in) puts("\nPart of impasto:");
        print_listed(&list->models[i], (int)width);
    }
}

static void print_hint(const ImpModelList *list) {
    for (size_t i = 0; i < list->count; i++) {
        if (list->models[i].path || list->models[i].built_in) continue;
        char size[32];
        format_bytes(list->models[i].fetch_size, size);
        printf("\nTo get one: impasto model fetch %s (a download of %s)\n", list->models[i].name, size);
        return;
    }
}

int model_list(const ModelCall *call) {
    ImpModelList *list;
    ImpError error;
    ImpStatus status = imp_model_list(&list, &error);
    if (status != IMP_OK) return fail_with(status, &error);
    int result = EXIT_GOOD;
    if (imp_params_flag(call->params, "json")) {
        result = list_as_json(list);
    } else {
        fputs("Models in ", stdout);
        put_plain(list->folder);
        fputs(":\n", stdout);
        print_some(list, false);
        print_some(list, true);
        print_hint(list);
    }
    imp_model_list_free(&list);
    return result;
}

/* ---- info ---- */

static void input_as_json(const ImpModelInfo *info, ImpJsonWriter *writer) {
    imp_json_begin_object(writer, "input");
    imp_json_string(writer, "convention", info->input);
    imp_json_string(writer, "evidence", info->input_evidence);
    imp_json_begin_array(writer, "channels");
    for (int c = 0; c < 3; c++) {
        static const char *const colours[] = {"red", "green", "blue"};
        imp_json_begin_object(writer, NULL);
        imp_json_string(writer, "colour", colours[info->source[c]]);
        imp_json_real(writer, "scale", (double)info->scale[c]);
        imp_json_real(writer, "offset", (double)info->offset[c]);
        imp_json_end(writer);
    }
    imp_json_end(writer);
    imp_json_end(writer);
}

static void arrays_as_json(const ImpModelInfo *info, ImpJsonWriter *writer) {
    imp_json_begin_array(writer, "arrays");
    for (size_t i = 0; i < info->n_arrays; i++) {
        imp_json_begin_object(writer, NULL);
        imp_json_string(writer, "name", info->arrays[i].name);
        imp_json_string(writer, "dtype", info->arrays[i].dtype);
        imp_json_begin_array(writer, "shape");
        for (int d = 0; d < info->arrays[i].rank; d++) imp_json_integer(writer, NULL, info->arrays[i].dims[d]);
        imp_json_end(writer);
        imp_json_end(writer);
    }
    imp_json_end(writer);
}

static void numbers_as_json(const ImpModelInfo *info, ImpJsonWriter *writer) {
    if (info->kind == IMP_MODEL_UNKNOWN) return;
    if (info->kind != IMP_MODEL_DECODER) {
        imp_json_begin_array(writer, "channels");
        for (size_t i = 0; i < sizeof info->channels / sizeof *info->channels && info->channels[i] > 0; i++)
            imp_json_integer(writer, NULL, info->channels[i]);
        imp_json_end(writer);
    }
    if (info->kind == IMP_MODEL_STYLE) imp_json_integer(writer, "residual_blocks", info->residuals);
    imp_json_integer(writer, "parameters", (int64_t)info->parameters);
}

static int info_as_json(const ImpModelInfo *info) {
    ImpJsonWriter *writer;
    ImpError error;
    ImpStatus status = imp_json_writer_new(2, &writer, &error);
    if (status != IMP_OK) return fail_with(status, &error);
    imp_json_begin_object(writer, NULL);
    imp_json_string(writer, "path", info->path);
    imp_json_string(writer, "built_in", info->built_in ? info->name : NULL);
    imp_json_string(writer, "format", info->format);
    imp_json_integer(writer, "bytes", (int64_t)info->size);
    imp_json_string(writer, "sha256", info->sha256);
    imp_json_string(writer, "architecture", info->architecture);
    if (info->problem) imp_json_string(writer, "problem", info->problem);
    if (info->kind == IMP_MODEL_VGG) imp_json_string(writer, "deepest", info->deepest);
    if (info->kind == IMP_MODEL_DECODER) imp_json_string(writer, "decodes", info->decodes);
    numbers_as_json(info, writer);
    if (info->input) input_as_json(info, writer);
    imp_json_begin_object(writer, "metadata");
    for (size_t i = 0; i < info->n_metadata; i++) imp_json_string(writer, info->keys[i], info->values[i]);
    imp_json_end(writer);
    arrays_as_json(info, writer);
    imp_json_end(writer);
    int result = print_json(writer);
    imp_json_writer_free(&writer);
    return result;
}

static void print_field(const char *label, const char *value) {
    printf("%-10s", label);
    put_plain(value);
    putchar('\n');
}

static void print_input(const ImpModelInfo *info) {
    static const char *const colours[] = {"red", "green", "blue"};
    printf("%-10s%s (%s)\n", "Input", info->input, info->input_evidence);
    for (int c = 0; c < 3; c++)
        printf("%-10s%-5s * %.6g %c %.6g\n", "", colours[info->source[c]], (double)info->scale[c],
               info->offset[c] < 0 ? '-' : '+', (double)(info->offset[c] < 0 ? -info->offset[c] : info->offset[c]));
}

static void print_arrays(const ImpModelInfo *info) {
    printf("%-10s%zu\n", "Arrays", info->n_arrays);
    for (size_t i = 0; i < info->n_arrays; i++) {
        const ImpModelArray *array = &info->arrays[i];
        fputs("  ", stdout);
        put_plain(array->name);
        int padding = 30 - (int)strlen(array->name);
        printf("%*s %-4s ", padding > 0 ? padding : 0, "", array->dtype);
        for (int d = 0; d < array->rank; d++) printf("%s%" PRId64, d ? " x " : " ", array->dims[d]);
        fputs(array->rank ? "\n" : " one number\n", stdout);
    }
}

/* What a training notes of the style; files from elsewhere have nothing of it. */
static void print_style(const ImpModelInfo *info) {
    const char *steps = NULL, *style = NULL;
    for (size_t i = 0; i < info->n_metadata; i++) {
        if (strcmp(info->keys[i], "steps") == 0) steps = info->values[i];
        if (strcmp(info->keys[i], "style_sha256") == 0) style = info->values[i];
    }
    if (style) print_field("Style", style);
    if (!steps) return;
    printf("%-10s", "Trained");
    put_plain(steps);
    puts(" steps");
}

static void print_blocks(const ImpModelInfo *info) {
    printf("%-10s", "Channels");
    for (size_t i = 0; i < sizeof info->channels / sizeof *info->channels && info->channels[i] > 0; i++)
        printf("%s%d", i ? "-" : "", info->channels[i]);
    printf(", %" PRIu64 " parameters\n", info->parameters);
}

static void print_network(const ImpModelInfo *info) {
    char line[160];
    const int *channels = info->channels;
    switch (info->kind) {
    case IMP_MODEL_VGG:
        snprintf(line, sizeof line, "%s%s up to %s", info->projected ? "perceptual, in place of " : "",
                 info->architecture, info->deepest);
        print_field("Network", line);
        if (info->projected) print_blocks(info);
        print_input(info);
        break;
    case IMP_MODEL_STYLE:
        print_field("Network", "style network (transformer_net), for impasto apply");
        snprintf(line, sizeof line, "%d-%d-%d, then %d-%d", channels[0], channels[1], channels[2], channels[3],
                 channels[4]);
        print_field("Channels", line);
        snprintf(line, sizeof line, "%d residual block%s, %" PRIu64 " parameters", info->residuals,
                 info->residuals == 1 ? "" : "s", info->parameters);
        print_field("Size", line);
        print_field("Input", "RGB from 0 to 255");
        print_style(info);
        break;
    case IMP_MODEL_DECODER:
        snprintf(line, sizeof line, "decoder of %s, %" PRIu64 " parameters", info->decodes, info->parameters);
        print_field("Network", line);
        break;
    case IMP_MODEL_UNKNOWN:
        print_field("Network", "not known");
        print_field("", info->problem);
        break;
    }
}

static void print_info(const ImpModelInfo *info) {
    char size[32], line[128];
    format_bytes(info->size, size);
    snprintf(line, sizeof line, "%.100s, a part of impasto", info->name);
    print_field(info->built_in ? "Model" : "File", info->built_in ? line : info->path);
    snprintf(line, sizeof line, "%s, %s", info->format, size);
    print_field("Format", line);
    print_field("SHA-256", info->sha256);
    print_network(info);
    for (size_t i = 0; i < info->n_metadata; i++) {
        printf("%-10s", i == 0 ? "Metadata" : "");
        put_plain(info->keys[i]);
        fputs(": ", stdout);
        put_plain(info->values[i]);
        putchar('\n');
    }
    print_arrays(info);
}

int model_info(const ModelCall *call) {
    ImpModelInfo *info;
    ImpError error;
    ImpStatus status =
        imp_model_info(call->arguments->positional[0], imp_params_text(call->params, "model-input"), &info, &error);
    if (status != IMP_OK) return fail_with(status, &error);
    int result = EXIT_GOOD;
    if (imp_params_flag(call->params, "json"))
        result = info_as_json(info);
    else
        print_info(info);
    imp_model_info_free(&info);
    return result;
}
