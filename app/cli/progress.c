#include "progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static const double redraw_interval = 0.1; /* seconds: ten times a second on a terminal */
static const double line_interval = 10;    /* seconds between plain lines */

double clock_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void format_duration(double seconds, char out[32]) {
    long whole = seconds < 0 ? 0 : seconds < 1e9 ? (long)(seconds + 0.5) : 1000000000;
    if (whole < 60)
        snprintf(out, 32, "%ld s", whole);
    else if (whole < 3600)
        snprintf(out, 32, "%ld:%02ld", whole / 60, whole % 60);
    else
        snprintf(out, 32, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
}

void progress_begin(Progress *progress, bool quiet) {
    const char *kind = getenv("TERM");
    *progress = (Progress){.quiet = quiet};
    progress->terminal = isatty(STDERR_FILENO) && kind && strcmp(kind, "dumb") != 0;
    progress->next = clock_seconds() + (progress->terminal ? 0 : line_interval);
}

/* Steps a second over about the last two seconds of this scale. */
static void measure(Progress *progress, const ImpProgress *now) {
    if (now->scale != progress->scale) {
        progress->scale = now->scale;
        progress->rate = 0;
        progress->rate_seconds = now->seconds;
        progress->rate_step = now->step;
        return;
    }
    double elapsed = now->seconds - progress->rate_seconds;
    if (elapsed < 0.5) return;
    double rate = (double)(now->step - progress->rate_step) / elapsed;
    progress->rate = progress->rate > 0 ? 0.7 * progress->rate + 0.3 * rate : rate;
    progress->rate_seconds = now->seconds;
    progress->rate_step = now->step;
}

static void append(char *line, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void append(char *line, size_t size, const char *format, ...) {
    size_t used = strlen(line);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + used, size - used, format, arguments);
    va_end(arguments);
}

static void compose(const Progress *progress, const ImpProgress *now, char *line, size_t size) {
    char duration[32];
    line[0] = '\0';
    if (now->steps > 0)
        append(line, size, "%lld/%lld %3.0f%%", (long long)now->step, (long long)now->steps,
               100 * (double)now->step / (double)now->steps);
    else
        append(line, size, "%lld", (long long)now->step);
    if (now->scales > 1) append(line, size, "  scale %d/%d", now->scale, now->scales);
    if (now->width > 0) append(line, size, "  %dx%d", now->width, now->height);
    if (now->n_metrics > 0) append(line, size, "  %s %.4g", now->metrics[0].name, now->metrics[0].value);
    if (progress->rate >= 1)
        append(line, size, "  %.1f/s", progress->rate);
    else if (progress->rate > 0)
        append(line, size, "  %.1f s each", 1 / progress->rate);
    double left = now->seconds_left;
    if (left < 0 && progress->rate > 0 && now->scales <= 1 && now->steps > 0)
        left = (double)(now->steps - now->step) / progress->rate;
    if (left < 0) return;
    format_duration(left, duration);
    append(line, size, "  %s left", duration);
}

/* The line must not be wider than the terminal, or drawing over it would fail. */
static int terminal_columns(void) {
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1 : 79;
}

/* Whether it is time for another line. */
static bool is_due(Progress *progress) {
    double clock = clock_seconds();
    if (progress->quiet || clock < progress->next) return false;
    progress->next = clock + (progress->terminal ? redraw_interval : line_interval);
    return true;
}

static void draw(Progress *progress, const char *line) {
    if (progress->terminal)
        fprintf(stderr, "\r%.*s\x1b[K", terminal_columns(), line);
    else
        fprintf(stderr, "%s\n", line);
    fflush(stderr);
    progress->drawn = progress->terminal;
}

void progress_show(Progress *progress, const ImpProgress *now) {
    if (progress->quiet) return;
    measure(progress, now);
    if (!is_due(progress)) return;
    char line[256];
    compose(progress, now, line, sizeof line);
    draw(progress, line);
}

void progress_show_line(Progress *progress, const char *line) {
    if (is_due(progress)) draw(progress, line);
}

void progress_wipe(Progress *progress) {
    if (progress->drawn) fputs("\r\x1b[K", stderr);
    progress->drawn = false;
}

void progress_notice(Progress *progress, const char *sentence) {
    if (progress->quiet) return;
    progress_wipe(progress);
    complain("%s", sentence);
}
