/* Downloads from a server on this machine that breaks off, lies, stalls and moves. */
#include "unit.h"

#include "../download/server.h"
#include "base/file.h"
#include "base/memory.h"
#include "download/download.h"
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LENGTH = 300000 };
static TestServer server;
static unsigned char bytes[LENGTH]; /* what server.py calls "bytes" */
static char hash[IMP_SHA256_TEXT];
static char folder[64], target[128], part[160], note[160];

static void write_bytes(const char *path, const void *data, size_t size) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    fclose(file);
}

static bool exists(const char *path) {
    return access(path, F_OK) == 0;
}

static int clean(void **state) {
    (void)state;
    unlink(target);
    unlink(part);
    unlink(note);
    return 0;
}

/* The lines of the server's log since the last call, in a static buffer. */
static const char *new_requests(void) {
    static char text[1 << 16];
    static size_t seen;
    char log_path[128], sha256[IMP_SHA256_TEXT];
    snprintf(log_path, sizeof log_path, "%s/log", folder);
    const char *source = test_server_address(&server, "log");
    ImpDownloadOptions options = {.sources = &source, .n_sources = 1};
    assert_int_equal(imp_download(log_path, &options, sha256, NULL), IMP_OK);
    FILE *file = fopen(log_path, "rb");
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    unlink(log_path);
    text[length] = '\0';
    const char *fresh = text + seen;
    seen = length;
    return fresh;
}

static size_t count_lines(const char *text) {
    size_t count = 0;
    for (; *text; text++) count += *text == '\n';
    return count;
}

static void assert_complete(void) {
    ImpFileView view;
    assert_int_equal(imp_file_map(target, &view, NULL), IMP_OK);
    assert_int_equal(view.size, LENGTH);
    assert_memory_equal(view.data, bytes, LENGTH);
    imp_file_unmap(&view);
    assert_false(exists(part));
    assert_false(exists(note));
}

static void succeed(const ImpDownloadOptions *options) {
    ImpError error = {0};
    char sha256[IMP_SHA256_TEXT];
    if (imp_download(target, options, sha256, &error) != IMP_OK) fail_msg("%s", error.message);
    assert_string_equal(sha256, hash);
    assert_complete();
}

static void refuse(const ImpDownloadOptions *options, ImpStatus status, const char *phrase) {
    ImpError error = {0};
    char sha256[IMP_SHA256_TEXT];
    assert_int_equal(imp_download(target, options, sha256, &error), status);
    assert_int_equal(error.status, status);
    if (!strstr(error.message, phrase)) fail_msg("\"%s\" lacks \"%s\"", error.message, phrase);
    assert_false(exists(target));
}

static ImpDownloadOptions from(const char *const *sources, size_t count) {
    return (ImpDownloadOptions){.sources = sources, .n_sources = count, .sha256 = hash, .size = LENGTH};
}

static void test_complete(void **state) {
    (void)state;
    const char *source = test_server_address(&server, "good/bytes");
    ImpDownloadOptions options = from(&source, 1);
    new_requests();
    succeed(&options);
    assert_int_equal(count_lines(new_requests()), 1);
    succeed(&options); /* already there and right: not asked for */
    assert_int_equal(count_lines(new_requests()), 0);
    write_bytes(target, "rubbish", 7); /* there and wrong: replaced */
    succeed(&options);
    assert_int_equal(count_lines(new_requests()), 1);
}

static void test_nothing_known(void **state) {
    (void)state;
    const char *source = test_server_address(&server, "plain/bytes");
    ImpDownloadOptions options = {.sources = &source, .n_sources = 1};
    succeed(&options);
}

static void test_hash_prefix(void **state) {
    (void)state;
    const char *source = test_server_address(&server, "good/bytes");
    ImpDownloadOptions options = from(&source, 1);
    char prefix[9];
    snprintf(prefix, sizeof prefix, "%.8s", hash);
    options.sha256 = prefix;
    succeed(&options);
    clean(NULL);
    prefix[7] = prefix[7] == '0' ? '1' : '0';
    refuse(&options, IMP_ERROR_FORMAT, "not the right one");
    options.sha256 = "12345";
    refuse(&options, IMP_ERROR_ARGUMENT, "no SHA-256");
    options.sha256 = "123456789abcdefg";
    refuse(&options, IMP_ERROR_ARGUMENT, "no SHA-256");
}

/* Every answer breaks off after 100,000 bytes: three requests, the second and third for the rest. */
static void test_cut_and_resumed(void **state) {
    (void)state;
    const char *source = test_server_address(&server, "cut/100000/bytes");
    ImpDownloadOptions options = from(&source, 1);
    new_requests();
    succeed(&options);
    const char *log = new_requests();
    assert_int_equal(count_lines(log), 3);
    assert_non_null(strstr(log, "bytes=100000- \"version-1\""));
    assert_non_null(strstr(log, "bytes=200000- \"version-1\""));
}

/* So many cuts that one run gives up; the next run goes on. */
static void test_resumed_in_next_run(void **state) {
    (void)state;
    const char *source = test_server_address(&server, "cut/50000/bytes");
    ImpDownloadOptions options = from(&source, 1);
    refuse(&options, IMP_ERROR_IO, "the connection broke after 0.2 MiB");
    assert_true(exists(part) && exists(note));
    new_requests();
    succeed(&options);
    const char *log = new_requests();
    assert_int_equal(count_lines(log), 2);
    assert_non_null(strstr(log, "bytes=200000- \"version-1\""));
}

static void test_server_without_ranges(void **state) {
    (void)state;
    const char *source = test_server_address(&server, "plain/bytes");
    ImpDownloadOptions options = from(&source, 1);
    write_bytes(part, bytes, 123456);
    succeed(&options);
    clean(NULL);
    write_bytes(part, "other bytes", 11);
    succeed(&options);
}

/* What an earlier run left is dropped when the hash shows that it was something else. */
static void test_foreign_part(void **state) {
    (void)state;
    const char *source = test_server_address(&server, "good/bytes");
    ImpDownloadOptions options = from(&source, 1);
    char *rubbish = calloc(LENGTH + 5, 1);
    for (size_t size = LENGTH - 1; size <= LENGTH + 1; size++) {
        clean(NULL);
        write_bytes(part, rubbish, size);
        succeed(&options);
    }
    free(rubbish);
}

/* A part that is whole already needs no transfer; without knowing the size it needs a question. */
static void test_whole_part(void **state) {
    (void)state;
    const char *source = test_server_address(&server, "good/bytes");
    ImpDownloadOptions options = from(&source, 1);
    new_requests();
    write_bytes(part, bytes, LENGTH);
    succeed(&options);
    assert_int_equal(count_lines(new_requests()), 0);
    clean(NULL);
    write_bytes(part, bytes, LENGTH);
    options.size = 0;
    succeed(&options);
    const char *log = new_requests();
    assert_int_equal(count_lines(log), 1);
    assert_non_null(strstr(log, "bytes=300000-"));
}

/* The file at the source changed between the attempts: If-Range makes the server send all of it. */
static void test_changed_between(void **state) {
    (void)state;
    const char *source = test_server_address(&server, "changing/bytes");
    ImpDownloadOptions options = {.sources = &source, .n_sources = 1};
    char text[300];
    write_bytes(part, "something else", 14);
    snprintf(text, sizeof text, "%s\n\"version-0\"\n", source);
    write_bytes(note, text, strlen(text));
    new_requests();
    succeed(&options);
    const char *log = new_requests();
    assert_int_equal(count_lines(log), 1);
    assert_non_null(strstr(log, "bytes=14- \"version-0\""));
}

/* Without a hash and without knowing where the part came from, it is not trusted. */
static void test_unknown_part_without_hash(void **state) {
    (void)state;
    const char *source = test_server_address(&server, "good/bytes");
    ImpDownloadOptions options = {.sources = &source, .n_sources = 1};
    write_bytes(part, "something else", 14);
    succeed(&options);
}

static void test_shifted_range(void **state) {
    (void)state;
    const char *source = test_server_address(&server, "shifted/bytes");
    ImpDownloadOptions options = from(&source, 1);
    write_bytes(part, bytes, 1000);
    refuse(&options, IMP_ERROR_IO, "another part of the file");
}

static void test_wrong_bytes(void **state) {
    (void)state;
    const char *sources[] = {test_server_address(&server, "wrong/bytes"), test_server_address(&server, "good/bytes")};
    ImpDownloadOptions options = from(sources, 1);
    refuse(&options, IMP_ERROR_FORMAT, "not the right one");
    assert_false(exists(part));
    options.n_sources = 2;
    succeed(&options);
}

static void test_second_source(void **state) {
    (void)state;
    const char *bad[] = {"status/404/bytes", "status/503/bytes", "dropped/bytes",
                         "short/bytes",      "huge/bytes",       "status/204/x"};
    const char *phrases[] = {"no such file (404)",        "refused with 503", "no answer",
                             "150000 bytes where 300000", "bytes where",      "204"};
    for (int i = 0; i < 6; i++) {
        const char *sources[] = {test_server_address(&server, "%s", bad[i]),
                                 test_server_address(&server, "good/bytes")};
        ImpDownloadOptions options = from(sources, 1);
        clean(NULL);
        refuse(&options, i == 3 || i == 4 ? IMP_ERROR_FORMAT : IMP_ERROR_IO, phrases[i]);
        options.n_sources = 2;
        succeed(&options);
    }
}

/* The first source breaks off for good, the second has the rest. */
static void test_two_halves(void **state) {
    (void)state;
    const char *sources[] = {test_server_address(&server, "cut/20000/bytes"),
                             test_server_address(&server, "good/bytes")};
    ImpDownloadOptions options = from(sources, 2);
    new_requests();
    succeed(&options);
    const char *log = new_requests();
    assert_int_equal(count_lines(log), 5);
    assert_non_null(strstr(log, "/good/bytes bytes=80000- -"));
}

static void test_too_much(void **state) {
    (void)state;
    const char *source = test_server_address(&server, "more/bytes");
    ImpDownloadOptions options = from(&source, 1);
    refuse(&options, IMP_ERROR_FORMAT, "more bytes arrive");
    options = (ImpDownloadOptions){.sources = &source, .n_sources = 1, .max_size = 1000};
    refuse(&options, IMP_ERROR_FORMAT, "more bytes arrive");
    options.max_size = LENGTH + 99999; /* one byte less than what comes */
    refuse(&options, IMP_ERROR_FORMAT, "more bytes arrive");
    source = test_server_address(&server, "huge/bytes");
    options = (ImpDownloadOptions){.sources = &source, .n_sources = 1};
    refuse(&options, IMP_ERROR_FORMAT, "too large");
}

static void test_stall(void **state) {
    (void)state;
    const char *sources[] = {test_server_address(&server, "stall/200000/bytes"),
                             test_server_address(&server, "good/bytes")};
    ImpDownloadOptions options = from(sources, 2);
    options.stall_seconds = 1;
    succeed(&options);
}

static void test_offline(void **state) {
    (void)state;
    const char *sources[] = {"http://127.0.0.1:1/bytes", "http://127.0.0.1:2/bytes?secret=1"};
    ImpDownloadOptions options = from(sources, 2);
    refuse(&options, IMP_ERROR_IO, "http://127.0.0.1:1/bytes: no answer");
    refuse(&options, IMP_ERROR_IO, "http://127.0.0.1:2/bytes: no answer");
    assert_false(exists(part));
}

static void test_redirects(void **state) {
    (void)state;
    const char *good = test_server_address(&server, "good/bytes");
    const char *source = test_server_address(&server, "jump/%s", good);
    ImpDownloadOptions options = from(&source, 1);
    succeed(&options);
    clean(NULL);
    source = test_server_address(&server, "jump/file:///etc/hostname");
    refuse(&options, IMP_ERROR_IO, "no answer");
    source = test_server_address(&server, "jump/ftp://127.0.0.1/x");
    refuse(&options, IMP_ERROR_IO, "no answer");
}

static void test_addresses(void **state) {
    (void)state;
    static const char *const bad[] = {
        "", "bytes", "ftp://127.0.0.1/x", "file:///etc/passwd", "http://example.com/x", "https://"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ImpDownloadOptions options = from(&bad[i], 1);
        refuse(&options, IMP_ERROR_ARGUMENT, "address");
    }
    const char *source = "http://127.0.0.1:1/x";
    ImpDownloadOptions options = from(&source, 0);
    refuse(&options, IMP_ERROR_ARGUMENT, "no source");
}

typedef struct Watch {
    uint64_t stop_at, last;
    size_t calls;
} Watch;

static bool watch(const ImpDownloadProgress *progress, void *context) {
    Watch *seen = context;
    assert_true(progress->received >= seen->last || progress->received == 0);
    assert_true(progress->total == LENGTH || progress->total == 0);
    seen->last = progress->received;
    seen->calls++;
    return progress->received < seen->stop_at;
}

static void test_stopped_and_continued(void **state) {
    (void)state;
    const char *source = test_server_address(&server, "stall/150000/bytes");
    Watch seen = {.stop_at = 100000};
    ImpDownloadOptions options = from(&source, 1);
    options.progress = watch;
    options.context = &seen;
    refuse(&options, IMP_ERROR_STOPPED, "goes on from there");
    assert_true(exists(part) && exists(note) && seen.calls > 0);
    seen = (Watch){.stop_at = LENGTH + 1};
    source = test_server_address(&server, "good/bytes");
    new_requests();
    succeed(&options);
    assert_int_equal(seen.last, LENGTH);
    assert_non_null(strstr(new_requests(), "/good/bytes bytes="));
}

static void test_locked(void **state) {
    (void)state;
    const char *source = test_server_address(&server, "good/bytes");
    ImpDownloadOptions options = from(&source, 1);
    write_bytes(part, bytes, 1000);
    FILE *other = fopen(part, "rb");
    assert_int_equal(flock(fileno(other), LOCK_SH), 0); /* only an exclusive lock minds */
    refuse(&options, IMP_ERROR_IO, "another process is downloading");
    fclose(other);
    succeed(&options);
}

static void test_bad_target(void **state) {
    (void)state;
    const char *source = test_server_address(&server, "good/bytes");
    ImpDownloadOptions options = from(&source, 1);
    ImpError error = {0};
    char sha256[IMP_SHA256_TEXT];
    assert_int_equal(imp_download("/nowhere/at/all", &options, sha256, &error), IMP_ERROR_IO);
    assert_int_equal(imp_download(folder, &options, sha256, &error), IMP_ERROR_IO);
    assert_int_equal(mkdir(part, 0777), 0);
    refuse(&options, IMP_ERROR_IO, part);
    rmdir(part);
    assert_int_equal(symlink("/dev/null", part), 0);
    refuse(&options, IMP_ERROR_IO, part);
}

static void test_no_memory(void **state) {
    (void)state;
    const char *source = test_server_address(&server, "good/bytes");
    ImpDownloadOptions options = from(&source, 1);
    for (long calls = 0; calls < 100; calls++) {
        char sha256[IMP_SHA256_TEXT];
        ImpError error = {0};
        imp_alloc_fail_after(calls);
        ImpStatus status = imp_download(target, &options, sha256, &error);
        imp_alloc_fail_after(-1);
        if (status == IMP_OK) {
            assert_true(calls > 3);
            assert_complete();
            return;
        }
        assert_int_equal(status, IMP_ERROR_MEMORY);
    }
    fail();
}

int main(void) {
    for (size_t i = 0; i < LENGTH; i++) bytes[i] = (unsigned char)(i * i * 31 + (i >> 5));
    imp_sha256(bytes, LENGTH, hash, NULL);
    snprintf(folder, sizeof folder, "/tmp/impasto-download-XXXXXX");
    if (!mkdtemp(folder) || !test_server_start(&server, NULL)) {
        puts("skipped: no python3 for the test server");
        return 77;
    }
    snprintf(target, sizeof target, "%s/model.pth", folder);
    snprintf(part, sizeof part, "%s.part", target);
    snprintf(note, sizeof note, "%s.part.from", target);
#define TEST(name) cmocka_unit_test_setup_teardown(name, clean, clean)
    const struct CMUnitTest tests[] = {
        TEST(test_complete),
        TEST(test_nothing_known),
        TEST(test_hash_prefix),
        TEST(test_cut_and_resumed),
        TEST(test_resumed_in_next_run),
        TEST(test_server_without_ranges),
        TEST(test_foreign_part),
        TEST(test_whole_part),
        TEST(test_changed_between),
        TEST(test_unknown_part_without_hash),
        TEST(test_shifted_range),
        TEST(test_wrong_bytes),
        TEST(test_second_source),
        TEST(test_two_halves),
        TEST(test_too_much),
        TEST(test_stall),
        TEST(test_offline),
        TEST(test_redirects),
        TEST(test_addresses),
        TEST(test_stopped_and_continued),
        TEST(test_locked),
        TEST(test_bad_target),
        TEST(test_no_memory),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_server_stop(&server);
    rmdir(folder);
    return failed;
}
