#include "download/transfer.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "impasto/version.h"
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const uint64_t default_max_size = (uint64_t)4 << 30;

/* What one transfer knows. The callbacks below get it. */
typedef struct Transfer {
    CURL *curl;
    const char *source;
    char *label; /* the address as messages show it: without password and query */
    const ImpDownloadOptions *options;
    ImpPart *part;
    uint64_t resumed;                                            /* size of the part when the transfer began */
    char etag[IMP_VALIDATOR_TEXT], modified[IMP_VALIDATOR_TEXT]; /* of the current response */
    uint64_t range_start, range_total;                           /* of Content-Range; 0 where absent */
    uint64_t content_length;                                     /* of the current response; 0 where absent */
    bool body_begun, local, stopped;
    ImpStatus status; /* of a fault found inside a callback */
    ImpError *error;
} Transfer;

/* ---- Addresses ---- */

static bool is_this_machine(const char *host) {
    return strcasecmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 || strcmp(host, "[::1]") == 0;
}

/* The parts of an address that matter here; scheme and host are to be freed with curl_free. */
static bool split_address(const char *source, char **scheme, char **host) {
    *scheme = *host = NULL;
    CURLU *url = curl_url();
    bool good = url && curl_url_set(url, CURLUPART_URL, source, 0) == CURLUE_OK &&
                curl_url_get(url, CURLUPART_SCHEME, scheme, 0) == CURLUE_OK &&
                curl_url_get(url, CURLUPART_HOST, host, 0) == CURLUE_OK;
    curl_url_cleanup(url);
    if (good) return true;
    curl_free(*scheme);
    curl_free(*host);
    *scheme = *host = NULL;
    return false;
}

/* The address without what must not be printed; NULL on no memory. */
static char *address_label(const char *source) {
    CURLU *url = curl_url();
    char *text = NULL, *label = NULL;
    if (url && curl_url_set(url, CURLUPART_URL, source, 0) == CURLUE_OK) {
        curl_url_set(url, CURLUPART_USER, NULL, 0);
        curl_url_set(url, CURLUPART_PASSWORD, NULL, 0);
        curl_url_set(url, CURLUPART_QUERY, NULL, 0);
        if (curl_url_get(url, CURLUPART_URL, &text, 0) == CURLUE_OK) label = imp_format("%.200s", text);
    }
    curl_free(text);
    curl_url_cleanup(url);
    return label;
}

ImpStatus imp_transfer_check(const char *source, bool allow_http, ImpError *error) {
    char *scheme, *host;
    if (!split_address(source, &scheme, &host))
        return imp_fail(error, IMP_ERROR_ARGUMENT, "\"%.200s\" is no address; give one that begins with https://",
                        source);
    bool https = strcmp(scheme, "https") == 0, http = strcmp(scheme, "http") == 0;
    ImpStatus status = IMP_OK;
    if (!https && !http)
        status =
            imp_fail(error, IMP_ERROR_ARGUMENT,
                     "the address %.200s is neither https nor http; a file on this machine needs no download", source);
    else if (http && !allow_http && !is_this_machine(host))
        status = imp_fail(error, IMP_ERROR_ARGUMENT, "the address %.200s is not encrypted; use https", source);
    curl_free(scheme);
    curl_free(host);
    return status;
}

/* ---- The response ---- */

/* The value of the header line `name: value`, without blanks around it, when it is that line and fits. */
static bool header_value(const char *line, size_t length, const char *name, char out[IMP_VALIDATOR_TEXT]) {
    size_t named = strlen(name);
    if (length <= named || strncasecmp(line, name, named) != 0 || line[named] != ':') return false;
    const char *begin = line + named + 1, *end = line + length;
    while (begin < end && (*begin == ' ' || *begin == '\t')) begin++;
    while (end > begin && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' ' || end[-1] == '\t')) end--;
    if (end - begin >= IMP_VALIDATOR_TEXT) return false;
    memcpy(out, begin, (size_t)(end - begin));
    out[end - begin] = '\0';
    return true;
}

static bool read_bytes(const char *text, size_t length, uint64_t *out) {
    int64_t value;
    if (!imp_parse_integer(text, length, &value) || value < 0) return false;
    *out = (uint64_t)value;
    return true;
}

/* "bytes 100-199/1000", or with "*" for what is unknown or, after a bad request, for the range. */
static void read_content_range(Transfer *transfer, const char *text) {
    if (strncasecmp(text, "bytes ", 6) != 0) return;
    text += 6;
    const char *dash = strchr(text, '-'), *slash = strchr(text, '/');
    if (slash) read_bytes(slash + 1, strlen(slash + 1), &transfer->range_total);
    if (dash) read_bytes(text, (size_t)(dash - text), &transfer->range_start);
}

static size_t take_header(char *line, size_t size, size_t count, void *context) {
    Transfer *transfer = context;
    size_t length = size * count;
    char value[IMP_VALIDATOR_TEXT];
    if (length > 5 && strncmp(line, "HTTP/", 5) == 0) { /* the next response: of a redirect, or after one */
        transfer->etag[0] = transfer->modified[0] = '\0';
        transfer->range_start = transfer->range_total = transfer->content_length = 0;
    } else if (header_value(line, length, "ETag", value)) {
        strcpy(transfer->etag, value);
    } else if (header_value(line, length, "Last-Modified", value)) {
        strcpy(transfer->modified, value);
    } else if (header_value(line, length, "Content-Range", value)) {
        read_content_range(transfer, value);
    } else if (header_value(line, length, "Content-Length", value)) {
        read_bytes(value, strlen(value), &transfer->content_length);
    }
    return length;
}

/* If-Range takes strong ETags and dates only. */
static const char *validator_of(const Transfer *transfer) {
    bool strong = transfer->etag[0] == '"';
    return strong ? transfer->etag : transfer->modified;
}

static uint64_t max_size(const ImpDownloadOptions *options) {
    if (options->size) return options->size;
    return options->max_size ? options->max_size : default_max_size;
}

/* The length of the whole file as the server states it; 0 when it does not. */
static uint64_t stated_total(const Transfer *transfer, long code) {
    if (code == 206)
        return transfer->range_total      ? transfer->range_total
               : transfer->content_length ? transfer->resumed + transfer->content_length
                                          : 0;
    return transfer->content_length;
}

static ImpStatus check_total(const Transfer *transfer, uint64_t total) {
    uint64_t wanted = transfer->options->size;
    if (wanted && total && total != wanted)
        return imp_fail(transfer->error, IMP_ERROR_FORMAT,
                        "%s: the file there has %llu bytes where %llu are expected; it is another file",
                        transfer->label, (unsigned long long)total, (unsigned long long)wanted);
    if (total > max_size(transfer->options))
        return imp_fail(transfer->error, IMP_ERROR_FORMAT, "%s: the file there is too large (%.1f GiB)",
                        transfer->label, (double)total / 1073741824.0);
    return IMP_OK;
}

/* Before the first byte of the body: is it the whole file, the rest of it, or something else? */
static ImpStatus begin_body(Transfer *transfer) {
    long code = 0;
    curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &code);
    if (code != 200 && code != 206)
        return imp_fail(transfer->error, IMP_ERROR_IO, "%s: the server answered %ld where a file was expected",
                        transfer->label, code);
    ImpStatus status = check_total(transfer, stated_total(transfer, code));
    if (status != IMP_OK) return status;
    if (code == 206 && transfer->range_start == transfer->resumed && transfer->resumed > 0) return IMP_OK;
    if (code == 206)
        return imp_fail(transfer->error, IMP_ERROR_IO,
                        "%s: the server sent another part of the file than was asked for", transfer->label);
    transfer->resumed = 0;
    status = imp_part_restart(transfer->part, transfer->source, validator_of(transfer), transfer->error);
    transfer->local = status != IMP_OK;
    return status;
}

static size_t take_body(char *data, size_t size, size_t count, void *context) {
    Transfer *transfer = context;
    size_t length = size * count;
    if (!transfer->body_begun) {
        transfer->body_begun = true;
        transfer->status = begin_body(transfer);
        if (transfer->status != IMP_OK) return 0;
    }
    uint64_t most = max_size(transfer->options);
    if (transfer->part->size > most || length > most - transfer->part->size) {
        transfer->status = imp_fail(transfer->error, IMP_ERROR_FORMAT,
                                    "%s: more bytes arrive than the file should have", transfer->label);
        return 0;
    }
    transfer->status = imp_part_append(transfer->part, data, length, transfer->error);
    transfer->local = transfer->status != IMP_OK;
    return transfer->status == IMP_OK ? length : 0;
}

static int report(void *context, curl_off_t total, curl_off_t now, curl_off_t upload, curl_off_t uploaded) {
    (void)now, (void)upload, (void)uploaded;
    Transfer *transfer = context;
    const ImpDownloadOptions *options = transfer->options;
    if (!options->progress) return 0;
    ImpDownloadProgress progress = {.source = transfer->source,
                                    .received = transfer->part->size,
                                    .resumed = transfer->resumed,
                                    .total = options->size};
    if (!progress.total && total > 0 && transfer->body_begun) progress.total = transfer->resumed + (uint64_t)total;
    transfer->stopped = !options->progress(&progress, options->context);
    return transfer->stopped;
}

/* ---- Asking ---- */

/* Asks for the rest only where the answer can be trusted to be the rest of the same file. */
static bool may_resume(const Transfer *transfer) {
    const ImpPart *part = transfer->part;
    if (part->size == 0) return false;
    bool same = part->validator[0] && strcmp(part->source, transfer->source) == 0;
    return same || transfer->options->sha256;
}

/* The header lines of the request; false on no memory. */
static bool make_headers(const Transfer *transfer, struct curl_slist **out) {
    const ImpPart *part = transfer->part;
    struct curl_slist *list =
        curl_slist_append(NULL, "Accept-Encoding: identity"); /* ranges count the file's own bytes */
    bool same = part->validator[0] && strcmp(part->source, transfer->source) == 0;
    if (list && transfer->resumed > 0 && same) {
        char line[IMP_VALIDATOR_TEXT + 16];
        snprintf(line, sizeof line, "If-Range: %s", part->validator);
        struct curl_slist *longer = curl_slist_append(list, line);
        if (!longer) curl_slist_free_all(list);
        list = longer;
    }
    *out = list;
    return list;
}

/* https redirects to https only; plain http, where the user chose it, to either. */
static void limit_protocols(CURL *curl, bool http) {
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, http ? "http,https" : "https");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, http ? "http,https" : "https");
#else
    long allowed = CURLPROTO_HTTPS | (http ? CURLPROTO_HTTP : 0);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS, allowed);
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS, allowed);
#endif
}

static void set_options(Transfer *transfer, struct curl_slist *headers, char reason[CURL_ERROR_SIZE]) {
    CURL *curl = transfer->curl;
    const ImpDownloadOptions *options = transfer->options;
    char *scheme, *host, range[32];
    bool known = split_address(transfer->source, &scheme, &host);
    limit_protocols(curl, known && strcmp(scheme, "http") == 0);
    if (known && is_this_machine(host)) curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* no proxy reaches this machine */
    curl_free(scheme);
    curl_free(host);
    curl_easy_setopt(curl, CURLOPT_URL, transfer->source);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "impasto");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 8L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, options->connect_seconds ? (long)options->connect_seconds : 30L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, options->stall_seconds ? (long)options->stall_seconds : 60L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, report);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer);
    if (transfer->resumed > 0) {
        snprintf(range, sizeof range, "%llu-", (unsigned long long)transfer->resumed);
        curl_easy_setopt(curl, CURLOPT_RANGE, range);
    }
}

/* ---- What came of it ---- */

/* The server has no range from where the part ends: the part is the whole file already, or none of this one. */
static ImpTransferOutcome judge_no_range(Transfer *transfer) {
    if (transfer->range_total == transfer->part->size) return IMP_TRANSFER_DONE;
    imp_part_discard(transfer->part);
    transfer->status = imp_fail(transfer->error, IMP_ERROR_IO,
                                "%s: what had arrived is not the beginning of the file there", transfer->label);
    return IMP_TRANSFER_AGAIN;
}

static ImpTransferOutcome judge_http(Transfer *transfer) {
    long code = 0;
    curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &code);
    if (code == 416 && transfer->resumed > 0) return judge_no_range(transfer);
    if (code == 404 || code == 410)
        transfer->status =
            imp_fail(transfer->error, IMP_ERROR_IO, "%s: the server has no such file (%ld)", transfer->label, code);
    else
        transfer->status =
            imp_fail(transfer->error, IMP_ERROR_IO, "%s: the server refused with %ld", transfer->label, code);
    return IMP_TRANSFER_FAILED;
}

static ImpTransferOutcome judge(Transfer *transfer, CURLcode result, const char *reason) {
    if (transfer->stopped) {
        transfer->status = imp_fail(transfer->error, IMP_ERROR_STOPPED,
                                    "stopped after %.1f MiB, which stay in %s; the same command goes on from there",
                                    (double)transfer->part->size / 1048576.0, transfer->part->path);
        return IMP_TRANSFER_FAILED;
    }
    if (transfer->status != IMP_OK) return IMP_TRANSFER_FAILED;
    if (result == CURLE_HTTP_RETURNED_ERROR) return judge_http(transfer);
    if (result == CURLE_OK && !transfer->body_begun) { /* an empty body: take_body was not called */
        transfer->body_begun = true;
        transfer->status = begin_body(transfer);
        return transfer->status == IMP_OK ? IMP_TRANSFER_DONE : IMP_TRANSFER_FAILED;
    }
    if (result == CURLE_OK) return IMP_TRANSFER_DONE;
    const char *text = reason[0] ? reason : curl_easy_strerror(result);
    if (!transfer->body_begun) {
        transfer->status = imp_fail(transfer->error, IMP_ERROR_IO, "%s: no answer (%s)", transfer->label, text);
        return IMP_TRANSFER_FAILED;
    }
    transfer->status = imp_fail(transfer->error, IMP_ERROR_IO, "%s: the connection broke after %.1f MiB (%s)",
                                transfer->label, (double)transfer->part->size / 1048576.0, text);
    return IMP_TRANSFER_CUT;
}

ImpTransferOutcome imp_transfer(const char *source, const ImpDownloadOptions *options, ImpPart *part, bool *local,
                                ImpStatus *status, ImpError *error) {
    Transfer transfer = {.source = source, .options = options, .part = part, .error = error};
    ImpTransferOutcome outcome = IMP_TRANSFER_FAILED;
    struct curl_slist *headers = NULL;
    char reason[CURL_ERROR_SIZE] = "";
    transfer.resumed = may_resume(&transfer) ? part->size : 0;
    transfer.label = address_label(source);
    transfer.curl = curl_easy_init();
    if (!transfer.label || !transfer.curl || !make_headers(&transfer, &headers)) {
        transfer.status = imp_fail(error, IMP_ERROR_MEMORY, "out of memory for a connection");
        transfer.local = true;
    } else {
        set_options(&transfer, headers, reason);
        outcome = judge(&transfer, curl_easy_perform(transfer.curl), reason);
    }
    curl_easy_cleanup(transfer.curl);
    curl_slist_free_all(headers);
    imp_free(transfer.label);
    *local = transfer.local;
    *status = transfer.status;
    return outcome;
}
