#include "report.h"

#include "paths.h"
#include "progress.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static double peak_rss_bytes(void) {
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
#ifdef __APPLE__
    return (double)usage.ru_maxrss;
#else
    return 1024.0 * (double)usage.ru_maxrss;
#endif
}

static double rate_of(const ImpResult *result) {
    return result->seconds > 0 ? (double)result->steps / result->seconds : 0;
}

void report_line(const Report *report) {
    const ImpResult *result = report->result;
    const char *where = is_standard_output(report->outputs->picture) ? "standard output" : report->outputs->picture;
    char duration[32], remark[sizeof result->remark + 2] = "";
    if (*result->remark) snprintf(remark, sizeof remark, ", %s", result->remark);
    if (result->seconds < 10)
        snprintf(duration, sizeof duration, "%.2f s", result->seconds);
    else
        format_duration(result->seconds, duration);
    if (result->stopped && report->steps_wanted > 0)
        complain("stopped after %lld of %lld steps; the best so far is in %s%s", (long long)result->steps,
                 (long long)report->steps_wanted, where, remark);
    else if (result->stopped)
        complain("stopped after %lld steps; the best so far is in %s%s", (long long)result->steps, where, remark);
    else if (result->steps <= 1)
        tell("%s: %dx%d in %s%s", where, report->width, report->height, duration, remark);
    else
        tell("%s: %dx%d, %lld steps in %s (%.3g/s)%s", where, report->width, report->height, (long long)result->steps,
             duration, rate_of(result), remark);
}

static void write_inputs(ImpJsonWriter *writer, const Pictures *pictures) {
    imp_json_begin_array(writer, "inputs");
    for (size_t i = 0; i < pictures->count; i++) {
        imp_json_begin_object(writer, NULL);
        imp_json_string(writer, "role", pictures->roles[i]);
        imp_json_string(writer, "path", pictures->paths[i]);
        imp_json_integer(writer, "width", pictures->images[i]->width);
        imp_json_integer(writer, "height", pictures->images[i]->height);
        imp_json_end(writer);
    }
    imp_json_end(writer);
}

static void write_report(ImpJsonWriter *writer, const Report *report) {
    const ImpResult *result = report->result;
    imp_json_begin_object(writer, NULL);
    imp_json_string(writer, "version", imp_version());
    imp_json_string(writer, "method", report->method->name);
    write_inputs(writer, report->pictures);
    imp_json_string(writer, "output", report->outputs->picture);
    imp_json_integer(writer, "width", report->width);
    imp_json_integer(writer, "height", report->height);
    imp_json_bool(writer, "stopped", result->stopped);
    imp_json_integer(writer, "evaluations", result->steps);
    imp_json_real(writer, "seconds", result->seconds);
    imp_json_real(writer, "seconds_total", report->seconds);
    imp_json_real(writer, "evaluations_per_second", rate_of(result));
    imp_json_begin_object(writer, "losses");
    for (size_t i = 0; i < result->n_metrics; i++)
        imp_json_real(writer, result->metrics[i].name, result->metrics[i].value);
    imp_json_end(writer);
    imp_json_integer(writer, "peak_rss_bytes", (int64_t)peak_rss_bytes());
    imp_json_string(writer, "recipe", report->outputs->recipe);
    imp_json_string(writer, "log", report->outputs->log);
    imp_json_end(writer);
}

/* Prints the writer's text where all went well before, and frees the writer. */
static int print_json(ImpJsonWriter *writer) {
    char *text = NULL;
    ImpError error;
    ImpStatus status = imp_json_writer_finish(writer, &text, &error);
    imp_json_writer_free(&writer);
    if (status == IMP_OK)
        puts(text);
    else
        complain("%s", error.message);
    free(text);
    return exit_status_of(status);
}

static ImpJsonWriter *new_writer(void) {
    ImpJsonWriter *writer;
    ImpError error;
    if (imp_json_writer_new(0, &writer, &error) == IMP_OK) return writer;
    complain("%s", error.message);
    return NULL;
}

int report_json(const Report *report) {
    ImpJsonWriter *writer = new_writer();
    if (!writer) return EXIT_FAULT;
    write_report(writer, report);
    return print_json(writer);
}

int report_left_out(const ImpMethod *method, const char *input, const char *output, const char *reason) {
    ImpJsonWriter *writer = new_writer();
    if (!writer) return EXIT_FAULT;
    imp_json_begin_object(writer, NULL);
    imp_json_string(writer, "version", imp_version());
    imp_json_string(writer, "method", method->name);
    imp_json_begin_array(writer, "inputs");
    imp_json_begin_object(writer, NULL);
    imp_json_string(writer, "role", method->inputs[0].role);
    imp_json_string(writer, "path", input);
    imp_json_end(writer);
    imp_json_end(writer);
    imp_json_string(writer, "output", output);
    imp_json_string(writer, "skipped", reason);
    imp_json_end(writer);
    return print_json(writer);
}
