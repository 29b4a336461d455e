/* The test web server of tests/download/server.py as a child process. */
#ifndef IMP_TESTS_DOWNLOAD_SERVER_H
#define IMP_TESTS_DOWNLOAD_SERVER_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

typedef struct TestServer {
    pid_t process;
    int keep_alive; /* the server ends when this is closed, also when the test dies */
    int port;
} TestServer;

/* False when there is no python3 to run it. `folder` (may be NULL) is where it finds files. */
bool test_server_start(TestServer *server, const char *folder);
void test_server_stop(TestServer *server);
/* "http://127.0.0.1:PORT/<format>" in a static buffer that the fourth call from now overwrites. */
const char *test_server_address(const TestServer *server, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
