#include "log.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int log_open(Log *log, const char *path, bool append) {
    *log = (Log){.path = path};
    if (!path) return EXIT_GOOD;
    log->stream = fopen(path, "a"); /* a former log is given up for the first row, not before */
    if (log->stream) {
        log->headed = append && fseek(log->stream, 0, SEEK_END) == 0 && ftell(log->stream) > 0;
        return EXIT_GOOD;
    }
    complain("cannot write the log %s: %s", path, strerror(errno));
    return EXIT_FAULT;
}

static void write_header(Log *log, const ImpProgress *now) {
    if (ftruncate(fileno(log->stream), 0) != 0 && errno != EINVAL) log->failed = errno; /* EINVAL: a pipe, a device */
    fputs("evaluation,seconds", log->stream);
    for (size_t i = 0; i < now->n_metrics; i++) fprintf(log->stream, ",%s", now->metrics[i].name);
    fputc('\n', log->stream);
    log->headed = true;
}

void log_row(Log *log, const ImpProgress *now) {
    if (!log->stream) return;
    if (!log->headed) write_header(log, now);
    fprintf(log->stream, "%lld,%.6f", (long long)now->step, now->seconds);
    for (size_t i = 0; i < now->n_metrics; i++) fprintf(log->stream, ",%.17g", now->metrics[i].value);
    fputc('\n', log->stream);
    errno = 0;
    if (fflush(log->stream) == 0 && !ferror(log->stream)) return;
    log->failed = errno ? errno : EIO;
    fclose(log->stream); /* the run is worth more than its log: it goes on */
    log->stream = NULL;
}

int log_close(Log *log) {
    if (log->stream && fclose(log->stream) != 0) log->failed = errno;
    log->stream = NULL;
    if (!log->failed) return EXIT_GOOD;
    complain("the log %s is not complete: %s", log->path, strerror(log->failed));
    log->failed = 0;
    return EXIT_FAULT;
}
