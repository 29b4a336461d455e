#include "../download/server.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

bool test_server_start(TestServer *server, const char *folder) {
    const char *source = getenv("IMPASTO_SOURCE");
    char script[4096];
    int in[2], out[2];
    if (!source || pipe(in) != 0 || pipe(out) != 0) return false;
    snprintf(script, sizeof script, "%s/tests/download/server.py", source);
    server->process = fork();
    if (server->process == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        close(in[0]), close(in[1]), close(out[0]), close(out[1]);
        execlp("python3", "python3", script, folder, (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    server->keep_alive = in[1];
    FILE *answer = fdopen(out[0], "r");
    bool started = answer && fscanf(answer, "%d", &server->port) == 1;
    if (answer) fclose(answer);
    if (!started) test_server_stop(server);
    return started;
}

void test_server_stop(TestServer *server) {
    close(server->keep_alive);
    waitpid(server->process, NULL, 0);
}

const char *test_server_address(const TestServer *server, const char *format, ...) {
    static char texts[4][512];
    static int next;
    char *text = texts[next++ % 4];
    size_t used = (size_t)snprintf(text, sizeof texts[0], "http://127.0.0.1:%d/", server->port);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + used, sizeof texts[0] - used, format, arguments);
    va_end(arguments);
    return text;
}
