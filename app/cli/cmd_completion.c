/* Completion scripts for bash, zsh and fish, made from the tables. */
#include "cli.h"

#include "common.h"
#include "option_text.h"
#include "train.h"
#include <stdio.h>
#include <string.h>

/* Writes text with each character of `special` led by `escape`. */
static void put_escaped(const char *text, const char *special, const char *escape) {
    for (; *text; text++) {
        if (strchr(special, *text)) fputs(escape, stdout);
        putchar(*text);
    }
}

/* "a|b|c" as words. */
static void put_words(const char *choices) {
    for (; *choices; choices++) putchar(*choices == '|' ? ' ' : *choices);
}

static void put_presets(const ImpMethod *method) {
    for (size_t i = 0; i < method->n_presets; i++) printf("%s%s", i ? " " : "", method->presets[i].name);
}

/* Trainings share the word "train": what is completed after it is what can be trained, and the options of the first,
 * which they all have. */
static ImpMethod trainings_as_method(void) {
    size_t count;
    ImpMethod method = training_as_method(imp_trainings(&count)[0]);
    method.name = "train";
    return method;
}

static void put_trainings(const char *between) {
    size_t count;
    const ImpTraining *const *all = imp_trainings(&count);
    for (size_t i = 0; i < count; i++) printf("%s%s", i ? between : "", all[i]->name);
}

static bool takes_file(const ImpParam *row) {
    return row->type == IMP_PARAM_FILE_IN || row->type == IMP_PARAM_FILE_OUT || has_optional_value(row);
}

static bool is_preset(const ImpParam *row) {
    return row == imp_param_find(&common_options, "preset");
}

/* What the three shells write for one option of a method. */
typedef void (*PutOption)(const ImpMethod *method, const ImpParam *row);

/* A training's options are all in its own table; it has no run() as a method. */
static void for_each_option(const ImpMethod *method, PutOption put) {
    for (size_t i = 0; i < method->params.count; i++) put(method, &method->params.rows[i]);
    for (size_t i = 0; method->run && i < common_options.count; i++) put(method, &common_options.rows[i]);
}

static void put_bash_name(const ImpMethod *method, const ImpParam *row) {
    (void)method;
    bool negated = row->type == IMP_PARAM_FLAG && row->fallback && strcmp(row->fallback, "true") == 0;
    printf(" --%s%s", negated ? "no-" : "", row->name);
}

static void put_bash_pattern(const ImpParam *row) {
    printf("            --%s", row->name);
    if (row->letter) printf("|-%c", row->letter);
    fputs(") ", stdout);
}

static void put_bash_value(const ImpMethod *method, const ImpParam *row) {
    if (names_folder(row)) {
        put_bash_pattern(row);
        fputs("compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- \"$current\")); return ;;\n", stdout);
        return;
    }
    if (row->type == IMP_PARAM_FLAG || takes_file(row)) return; /* files are what is completed otherwise */
    put_bash_pattern(row);
    fputs("COMPREPLY=($(compgen -W '", stdout);
    if (row->type == IMP_PARAM_CHOICE) put_words(row->choices);
    if (is_preset(row)) put_presets(method);
    fputs("' -- \"$current\")); return ;;\n", stdout);
}

static void put_bash_method(const ImpMethod *method) {
    printf("    %s)\n        case $previous in\n", method->name);
    for_each_option(method, put_bash_value);
    fputs("        esac\n        options='", stdout);
    for_each_option(method, put_bash_name);
    fputs("' ;;\n", stdout);
}

static void put_bash(const Command *all, size_t count) {
    fputs("# Completion of impasto for bash.\n"
          "_impasto() {\n"
          "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} options=\n"
          "    # bash cuts --name=value into three words\n"
          "    if [[ $current == '=' ]]; then\n"
          "        current=\n"
          "    elif [[ $previous == '=' ]]; then\n"
          "        previous=${COMP_WORDS[COMP_CWORD-2]}\n"
          "    fi\n"
          "    if ((COMP_CWORD == 1)); then\n"
          "        COMPREPLY=($(compgen -W '",
          stdout);
    for (size_t i = 0; i < count; i++) printf("%s ", all[i].name);
    fputs("--help --version' -- \"$current\"))\n        return\n    fi\n    case ${COMP_WORDS[1]} in\n", stdout);
    for (size_t i = 0; i < count; i++)
        if (all[i].method) put_bash_method(all[i].method);
    ImpMethod training = trainings_as_method();
    fputs("    train)\n        if ((COMP_CWORD == 2)); then\n            COMPREPLY=($(compgen -W '", stdout);
    put_trainings(" ");
    fputs("' -- \"$current\"))\n            return\n        fi ;;&\n", stdout);
    put_bash_method(&training);
    fputs("    completion) options='bash zsh fish' ;;\n    help) options='", stdout);
    for (size_t i = 0; i < count; i++) printf("%s ", all[i].name);
    fputs("' ;;\n    esac\n"
          "    if [[ $current == -* || ${COMP_WORDS[1]} == completion || ${COMP_WORDS[1]} == help ]]; then\n"
          "        COMPREPLY=($(compgen -W \"$options\" -- \"$current\"))\n"
          "    else\n"
          "        compopt -o filenames 2>/dev/null\n"
          "        local IFS=$'\\n'\n"
          "        COMPREPLY=($(compgen -f -- \"$current\"))\n"
          "    fi\n"
          "}\n"
          "complete -F _impasto impasto\n",
          stdout);
}

/* Inside '...' of the shell and [...] of _arguments. */
static void put_zsh_text(const char *text) {
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", stdout);
        else if (strchr("[]:\\", *text))
            printf("\\%c", *text);
        else
            putchar(*text);
    }
}

static void put_zsh_option(const ImpMethod *method, const ImpParam *row) {
    bool flag = row->type == IMP_PARAM_FLAG;
    bool negated = flag && row->fallback && strcmp(row->fallback, "true") == 0;
    const char *glue = flag ? "" : has_optional_value(row) ? "=-" : "=";
    fputs("            ", stdout);
    if (row->letter) printf("{-%c%s,--%s%s}", row->letter, flag ? "" : "+", row->name, glue);
    printf("'");
    if (!row->letter) printf("--%s%s%s", negated ? "no-" : "", row->name, glue);
    putchar('[');
    put_zsh_text(row->help);
    putchar(']');
    if (!flag) {
        printf("%s:%s:", has_optional_value(row) ? ":" : "", row->name);
        if (takes_file(row)) fputs(names_folder(row) ? "_directories" : "_files", stdout);
        if (row->type == IMP_PARAM_CHOICE) {
            putchar('(');
            put_words(row->choices);
            putchar(')');
        }
        if (is_preset(row)) {
            putchar('(');
            put_presets(method);
            putchar(')');
        }
    }
    fputs("' \\\n", stdout);
}

static void put_zsh(const Command *all, size_t count) {
    fputs("#compdef impasto\n"
          "# Completion of impasto for zsh.\n"
          "_impasto() {\n"
          "    local -a commands\n"
          "    commands=(\n",
          stdout);
    for (size_t i = 0; i < count; i++) {
        printf("        '%s:", all[i].name);
        put_zsh_text(all[i].summary);
        fputs("'\n", stdout);
    }
    fputs("    )\n"
          "    if ((CURRENT == 2)); then\n"
          "        _describe -t commands 'command' commands\n"
          "        return\n"
          "    fi\n"
          "    local command=$words[2]\n"
          "    shift words\n"
          "    ((CURRENT--))\n"
          "    case $command in\n",
          stdout);
    for (size_t i = 0; i < count; i++) {
        if (!all[i].method) continue;
        printf("    %s)\n        _arguments -s \\\n", all[i].name);
        for_each_option(all[i].method, put_zsh_option);
        fputs("            '*:picture:_files' ;;\n", stdout);
    }
    ImpMethod training = trainings_as_method();
    fputs("    train)\n        _arguments -s \\\n", stdout);
    for_each_option(&training, put_zsh_option);
    fputs("            '1:what:(", stdout);
    put_trainings(" ");
    fputs(")' ;;\n", stdout);
    fputs("    completion) _values 'shell' bash zsh fish ;;\n"
          "    help) _describe -t commands 'command' commands ;;\n"
          "    *) _files ;;\n"
          "    esac\n"
          "}\n"
          "if [[ $funcstack[1] == _impasto ]]; then _impasto \"$@\"; else compdef _impasto impasto; fi\n",
          stdout);
}

static void put_fish_option(const ImpMethod *method, const ImpParam *row) {
    bool negated = row->type == IMP_PARAM_FLAG && row->fallback && strcmp(row->fallback, "true") == 0;
    printf("complete -c impasto -n '__fish_seen_subcommand_from %s' -l %s%s", method->name, negated ? "no-" : "",
           row->name);
    if (row->letter) printf(" -s %c", row->letter);
    if (names_folder(row))
        fputs(" -x -a '(__fish_complete_directories)'", stdout);
    else if (takes_file(row) && !has_optional_value(row))
        fputs(" -r -F", stdout);
    if (row->type == IMP_PARAM_CHOICE) {
        fputs(" -x -a '", stdout);
        put_words(row->choices);
        putchar('\'');
    } else if (is_preset(row)) {
        fputs(" -x -a '", stdout);
        put_presets(method);
        putchar('\'');
    } else if (row->type != IMP_PARAM_FLAG && !takes_file(row)) {
        fputs(" -x", stdout);
    }
    fputs(" -d '", stdout);
    put_escaped(row->help, "'\\", "\\");
    fputs("'\n", stdout);
}

static void put_fish(const Command *all, size_t count) {
    fputs("# Completion of impasto for fish.\n", stdout);
    for (size_t i = 0; i < count; i++) {
        printf("complete -c impasto -n __fish_use_subcommand -f -a %s -d '", all[i].name);
        put_escaped(all[i].summary, "'\\", "\\");
        fputs("'\n", stdout);
    }
    fputs("complete -c impasto -n '__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'\n", stdout);
    for (size_t i = 0; i < count; i++)
        if (all[i].method) for_each_option(all[i].method, put_fish_option);
    ImpMethod training = trainings_as_method();
    fputs("complete -c impasto -n '__fish_seen_subcommand_from train' -a '", stdout);
    put_trainings(" ");
    fputs("'\n", stdout);
    for_each_option(&training, put_fish_option);
}

int cmd_completion(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*put)(const Command *all, size_t count);
    } shells[] = {{"bash", put_bash}, {"zsh", put_zsh}, {"fish", put_fish}};
    if (argc != 2) return wrong_usage("completion", "completion takes one shell: bash, zsh or fish");
    size_t count;
    const Command *all = commands(&count);
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
        if (strcmp(argv[1], shells[i].name) != 0) continue;
        shells[i].put(all, count);
        return EXIT_GOOD;
    }
    return wrong_usage("completion", "there is no completion for \"%s\"; bash, zsh and fish have one", argv[1]);
}
