#include "cli.h"

int cmd_model(int argc, char **argv) {
    (void)argc, (void)argv;
    return wrong_usage(NULL, "this build has no model command");
}
