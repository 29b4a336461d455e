#include "cli.h"

#include "help.h"
#include "model.h"
#include "text.h"
#include <stdio.h>
#include <string.h>

#define HELP_ROW                                                                                                       \
    {                                                                                                                  \
        .name = "help", .letter = 'h', .type = IMP_PARAM_FLAG, .fallback = "false", .group = "Options",                \
        .help = "print this help"                                                                                      \
    }
#define QUIET_ROW                                                                                                      \
    {                                                                                                                  \
        .name = "quiet", .letter = 'q', .type = IMP_PARAM_FLAG, .fallback = "false", .group = "Options",               \
        .help = "print nothing unless something goes wrong"                                                            \
    }
#define JSON_ROW                                                                                                       \
    { .name = "json", .type = IMP_PARAM_FLAG, .fallback = "false", .group = "Options", .help = "print one JSON object" }
#define HALF_ROW                                                                                                       \
    {                                                                                                                  \
        .name = "half", .type = IMP_PARAM_FLAG, .fallback = "false", .group = "Options",                               \
        .help = "keep 16-bit floats: half the size, and results that look the same"                                    \
    }
#define INPUT_ROW                                                                                                      \
    {                                                                                                                  \
        .name = "model-input", .type = IMP_PARAM_CHOICE, .choices = "auto|torchvision|caffe", .fallback = "auto",      \
        .group = "Options",                                                                                            \
        .help = "how pictures become the network's input: torchvision is RGB with ImageNet's mean and deviation, "     \
                "caffe is BGR from 0 to 255 minus a mean; auto goes by the file"                                       \
    }

static const ImpParam list_rows[] = {JSON_ROW, HELP_ROW};
static const ImpParam info_rows[] = {INPUT_ROW, JSON_ROW, HELP_ROW};
static const ImpParam convert_rows[] = {HALF_ROW, INPUT_ROW, QUIET_ROW, HELP_ROW};
static const ImpParam fetch_rows[] = {
    HALF_ROW,
    {.name = "source",
     .type = IMP_PARAM_TEXT,
     .group = "Options",
     .help = "download from this address instead of the official one; several are tried in order"},
    {.name = "sha256",
     .type = IMP_PARAM_TEXT,
     .group = "Options",
     .help =
         "expect this SHA-256 (64 hexadecimal digits, or the first 8 or more) instead of the published file's; 'none' "
         "takes any file"},
    {.name = "again",
     .type = IMP_PARAM_FLAG,
     .fallback = "false",
     .group = "Options",
     .help = "fetch also when the model is there already"},
    QUIET_ROW,
    HELP_ROW,
};
#define TABLE(rows)                                                                                                    \
    { (rows), sizeof(rows) / sizeof *(rows) }

static const ModelAction actions[] = {
    {.name = "list",
     .form = "",
     .summary = "show the models known by name and those on this machine",
     .description =
         "Models lie in $XDG_DATA_HOME/impasto/models, or ~/.local/share/impasto/models. A weight file put there as "
         "NAME.safetensors or NAME.pth can be given as --model NAME. Some models are part of impasto and always there; "
         "'builtin', or 'perceptual', is the network among them that judges pictures. Where a name fits several, a "
         "path goes before the folder, and the folder before what is part of impasto.",
     .examples = "impasto model list  # what is here",
     .options = TABLE(list_rows),
     .run = model_list},
    {.name = "info",
     .form = "FILE",
     .summary = "show what is in a weight file",
     .description = "Tells the format, the network that is recognised (a VGG and how deep it goes, a style network and "
                    "how wide it is, a decoder and what it decodes), how pictures become its input, and the arrays. "
                    "FILE is a path or a name that 'impasto model list' shows.",
     .examples = "impasto model info vgg19  # the fetched model\nimpasto model info --json my.pth  # for programs",
     .options = TABLE(info_rows),
     .n_positional = 1,
     .run = model_info},
    {.name = "fetch",
     .form = "NAME",
     .summary = "download a model, check it, and keep what is needed of it",
     .description =
         "Downloads the published file, checks its SHA-256, keeps the convolutions (a seventh of the file) and puts "
         "them into the models folder. A download that was interrupted goes on where it stopped.\n\n"
         "Without a connection, bring the file here in another way, save it under its own name in the models folder "
         "and give the same command: it is checked and converted.",
     .examples = "impasto model fetch vgg19  # 548 MiB to download, 77 MiB kept\n"
                 "impasto model fetch vgg19 --half  # 39 MiB kept",
     .options = TABLE(fetch_rows),
     .n_positional = 1,
     .run = model_fetch},
    {.name = "convert",
     .form = "IN OUT",
     .summary = "write a network's convolutions as safetensors",
     .description =
         "Reads a VGG-16 or VGG-19 in any format known and writes its convolutions with metadata that states how "
         "pictures become its input. IN is a path or a name, OUT a path.",
     .examples =
         "impasto model convert vgg19-d01eb7cb.pth vgg19-caffe.safetensors  # a smaller file that says what it is",
     .options = TABLE(convert_rows),
     .n_positional = 2,
     .run = model_convert},
};
enum { N_ACTIONS = sizeof actions / sizeof *actions };

static void print_overview(FILE *stream) {
    int width = text_width(stream);
    fputs("Usage: impasto model ACTION [OPTION]... [ARGUMENT]...\n\n", stream);
    text_wrap(stream, "Looks after the network weights that the neural methods need.", 0, 0, width);
    fputs("\nActions:\n", stream);
    for (size_t i = 0; i < N_ACTIONS; i++) {
        char left[64];
        snprintf(left, sizeof left, "%s %s", actions[i].name, actions[i].form);
        help_pair(stream, left, actions[i].summary, width);
    }
    fputc('\n', stream);
    text_wrap(stream, "'impasto model ACTION --help' explains one.", 0, 0, width);
}

static void print_action(FILE *stream, const ModelAction *action) {
    int width = text_width(stream);
    fprintf(stream, "Usage: impasto model %s [OPTION]...%s%s\n\n", action->name, *action->form ? " " : "",
            action->form);
    help_sentence(stream, action->summary, width);
    fputc('\n', stream);
    text_wrap(stream, action->description, 0, 0, width);
    fputs("\nOptions:\n", stream);
    for (size_t i = 0; i < action->options.count; i++) help_option(stream, &action->options.rows[i], width);
    help_examples(stream, action->examples, width);
}

static const ModelAction *find_action(const char *name) {
    for (size_t i = 0; i < N_ACTIONS; i++)
        if (strcmp(actions[i].name, name) == 0) return &actions[i];
    return NULL;
}

static int unknown_action(const char *name) {
    const char *names[N_ACTIONS];
    for (size_t i = 0; i < N_ACTIONS; i++) names[i] = actions[i].name;
    const char *near = imp_suggest(name, names, N_ACTIONS);
    if (near) return wrong_usage("model", "there is no action \"%s\"; did you mean \"%s\"?", name, near);
    return wrong_usage("model", "there is no action \"%s\"", name);
}

/* The parser also takes what every method has; these do not. */
static int refuse_common(const ModelAction *action, const char *command, const Arguments *arguments) {
    for (size_t i = 0; i < arguments->n_settings; i++) {
        const ImpParam *row = arguments->settings[i].row;
        if (imp_param_find(&action->options, row->name) != row)
            return wrong_usage(command, "there is no option --%s", row->name);
    }
    return EXIT_GOOD;
}

static int check_and_run(const ModelAction *action, const char *command, const Arguments *arguments) {
    ImpParams *params;
    ImpError error;
    if (imp_params_new(&action->options, &params, &error) != IMP_OK) {
        complain("%s", error.message);
        return EXIT_FAULT;
    }
    int result = refuse_common(action, command, arguments);
    if (result == EXIT_GOOD) result = arguments_apply(command, arguments, params);
    if (result == EXIT_GOOD) {
        if (imp_params_flag(params, "help"))
            print_action(stdout, action);
        else if (arguments->n_positional != action->n_positional)
            result =
                wrong_usage(command, "model %s takes %s", action->name, *action->form ? action->form : "no argument");
        else
            result = action->run(&(ModelCall){params, arguments});
    }
    imp_params_free(&params);
    return result;
}

int cmd_model(int argc, char **argv) {
    if (argc < 2) {
        print_overview(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_overview(stdout);
        return EXIT_GOOD;
    }
    const ModelAction *action = find_action(argv[1]);
    if (!action) return unknown_action(argv[1]);
    char command[64];
    snprintf(command, sizeof command, "model %s", action->name);
    Arguments arguments;
    int result = arguments_parse(command, &action->options, argc - 1, argv + 1, &arguments);
    if (result == EXIT_GOOD) result = check_and_run(action, command, &arguments);
    arguments_clear(&arguments);
    return result;
}
