#include "image/vips.h"

#include "base/error.h"
#include "base/threads.h"
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* libvips is one a process; whether it started, and who works with it, can only be kept here. */
static pthread_once_t start_once = PTHREAD_ONCE_INIT;
static bool started;
static pthread_rwlock_t jobs = PTHREAD_RWLOCK_INITIALIZER;

static void discard_log(const char *domain, GLogLevelFlags level, const char *message, void *context) {
    (void)domain, (void)level, (void)message, (void)context;
}

/* An application that uses libvips itself has set it up to its liking; otherwise it is ours to set up. */
static void start(void) {
    bool ours = g_type_from_name("VipsObject") == 0;
    if (vips_init("impasto") != 0) return;
    started = true;
    if (!ours) return;
    vips_concurrency_set(imp_threads_available());
    vips_cache_set_max(0);
    vips_block_untrusted_set(TRUE);
    g_log_set_handler("VIPS", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG,
                      discard_log, NULL);
}

ImpStatus imp_vips_run(ImpVipsJob job, void *context, ImpError *error) {
    pthread_once(&start_once, start);
    if (!started) return imp_fail(error, IMP_ERROR_UNSUPPORTED, "libvips does not start; reinstall it");
    pthread_rwlock_rdlock(&jobs);
    ImpStatus status = job(context, error);
    pthread_rwlock_unlock(&jobs);
    if (status != IMP_ERROR_FORMAT && status != IMP_ERROR_UNSUPPORTED) return status;
    pthread_rwlock_wrlock(&jobs);
    vips_error_clear();
    status = job(context, error);
    vips_error_clear();
    pthread_rwlock_unlock(&jobs);
    return status;
}

void imp_vips_thread_end(void) {
    if (started) vips_thread_shutdown();
}

/* The first line that libvips wrote, without its "domain: " and control characters. */
static void reason_text(char *out, size_t size) {
    const char *text = vips_error_buffer();
    size_t length = strcspn(text, "\n");
    const char *colon = memchr(text, ':', length);
    if (colon && colon[1] == ' ') {
        length -= (size_t)(colon + 2 - text);
        text = colon + 2;
    }
    snprintf(out, size, "%.*s", (int)(length < size ? length : size - 1), text);
    for (char *c = out; *c; c++)
        if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f) *c = ' ';
}

ImpStatus imp_vips_fail(ImpError *error, ImpStatus status, const char *advice, const char *format, ...) {
    char sentence[IMP_ERROR_MESSAGE_SIZE], reason[160];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    reason_text(reason, sizeof reason);
    if (*reason) return imp_fail(error, status, "%.700s (%s); %s", sentence, reason, advice);
    return imp_fail(error, status, "%.700s; %s", sentence, advice);
}

bool imp_vips_has(const char *operation) {
    return vips_type_find("VipsOperation", operation) != 0;
}

void imp_vips_drop(VipsImage **image) {
    if (*image) g_object_unref(*image);
    *image = NULL;
}
