#include "signals.h"

#include "cli.h"
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A handler can reach nothing but static data. */
static volatile sig_atomic_t stops, holds;
static const char *what_happens; /* set before the handler is; NULL: nothing is said */

static void say(const char *text) {
    if (write(STDERR_FILENO, text, strlen(text)) < 0) return; /* nobody listens; the run ends all the same */
}

enum { SAME_INTERRUPT_MS = 500 };

/* Programs that pass signals on make two of one Ctrl-C: what comes so soon after the first is no second wish. */
static bool is_echo(void) {
    static struct timespec first;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (stops == 0) {
        first = now;
        return false;
    }
    return (now.tv_sec - first.tv_sec) * 1000 + (now.tv_nsec - first.tv_nsec) / 1000000 < SAME_INTERRUPT_MS;
}

static void end_at_once(void) {
    if (what_happens) say("\nimpasto: ended at once; nothing more is saved\n");
    _exit(EXIT_STOPPED);
}

static void on_signal(int number) {
    (void)number;
    if (is_echo()) return;
    stops++;
    if (stops > 1 && !holds) end_at_once();
    if (stops != 1 || !what_happens) return;
    say("\nimpasto: ");
    say(what_happens);
    say("; press Ctrl-C again to end at once\n");
}

void signals_catch(const char *sentence) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    what_happens = sentence;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction former, action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
        sigemptyset(&action.sa_mask);
        if (sigaction(numbers[i], NULL, &former) == 0 && former.sa_handler != SIG_IGN)
            sigaction(numbers[i], &action, NULL);
    }
}

bool signals_stop_asked(void) {
    return stops > 0;
}

void signals_hold(void) {
    holds = 1;
}

void signals_release(void) {
    holds = 0;
    if (stops > 1) end_at_once();
}
