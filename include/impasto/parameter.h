/* The parameter table.
 *
 * A method declares each of its options once, as a row of a table: name, type, range, default, unit, help and group.
 * From that one table come the command line, --help, the man page, the recipe file and the studio's form. Values are
 * given as text and checked against the table; the typed getters then cannot fail. */
#ifndef IMPASTO_PARAMETER_H
#define IMPASTO_PARAMETER_H

#include <impasto/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    IMP_PARAM_MAX_TEXT = 4096, /* bytes in the text of one value */
    IMP_PARAM_MAX_ITEMS = 256  /* values in one list */
};

typedef enum ImpParamType {
    IMP_PARAM_FLAG,     /* "true" or "false"; on a command line the bare option means true */
    IMP_PARAM_INTEGER,  /* decimal, within minimum..maximum */
    IMP_PARAM_REAL,     /* finite, within minimum..maximum; "1e-3" is fine */
    IMP_PARAM_CHOICE,   /* one of `choices` */
    IMP_PARAM_TEXT,     /* anything without control characters */
    IMP_PARAM_FILE_IN,  /* the path of a file to read */
    IMP_PARAM_FILE_OUT, /* the path of a file to write */
    IMP_PARAM_REALS,    /* "1,0.5,2": each within minimum..maximum */
    IMP_PARAM_INTEGERS, /* "256,512": each within minimum..maximum */
    IMP_PARAM_LAYERS    /* "relu1_1,relu2_1:0.5": layer names with optional weights, 1 where none is given */
} ImpParamType;

typedef struct ImpParam {
    const char *name; /* long option without dashes, such as "style-weight" */
    char letter;      /* short option, 0 for none */
    ImpParamType type;
    const char *fallback;    /* default value as text; NULL: not set */
    double minimum, maximum; /* inclusive, for the number types and each number of a list; both 0: any finite number;
                                INFINITY leaves one side open */
    const char *choices;     /* "lbfgs|adam" for IMP_PARAM_CHOICE */
    const char *unit;        /* "pixels"; NULL for plain numbers */
    const char *group;       /* heading in the help: "Style", "Optimiser" ... */
    const char *help;        /* one sentence, lower case, no full stop, says what more of it does */
    const char *aliases;     /* peers' names for it, separated by '|', or NULL */
    bool run_only;           /* of one run and not of what it makes, such as threads and checkpoints: not in recipes */
} ImpParam;

typedef struct ImpParamTable {
    const ImpParam *rows;
    size_t count;
} ImpParamTable;

typedef struct ImpLayerWeight {
    char layer[32]; /* such as "relu4_2" */
    double weight;
} ImpLayerWeight;

/* The values for one table. */
typedef struct ImpParams ImpParams;

/* All values at their defaults. `table` must outlive the result. On success *out is the caller's; a default that its
 * own row refuses is IMP_ERROR_ARGUMENT. */
IMP_API ImpStatus imp_params_new(const ImpParamTable *table, ImpParams **out, ImpError *error);
IMP_API ImpStatus imp_params_copy(const ImpParams *params, ImpParams **out, ImpError *error);
IMP_API void imp_params_free(ImpParams **params);
IMP_API const ImpParamTable *imp_params_table(const ImpParams *params);

/* The row called `name` (or one of its aliases), or NULL. */
IMP_API const ImpParam *imp_param_find(const ImpParamTable *table, const char *name);

/* The candidate that a misspelt `name` most likely means, or NULL: few edits away, or beginning with it. */
IMP_API const char *imp_suggest(const char *name, const char *const *candidates, size_t count);

/* Sets one value from text. Unknown names (the message suggests the nearest), values that do not parse and values out
 * of range are IMP_ERROR_ARGUMENT and change nothing. The last value set wins. */
IMP_API ImpStatus imp_params_set(ImpParams *params, const char *name, const char *text, ImpError *error);
/* Applies "name=value" settings separated by ';', only to values that were never given with imp_params_set: a preset
 * gives way to what the user said, whatever the order. A preset with a fault changes nothing. */
IMP_API ImpStatus imp_params_apply_preset(ImpParams *params, const char *settings, ImpError *error);

/* Whether the value came from imp_params_set. */
IMP_API bool imp_params_given(const ImpParams *params, const char *name);
/* Whether there is a value at all: given, from a preset, or by default. */
IMP_API bool imp_params_has(const ImpParams *params, const char *name);
/* The value as text (what imp_params_set would take to give it again), or NULL when there is none. The text belongs to
 * params and stays until the value changes. */
IMP_API const char *imp_params_text(const ImpParams *params, const char *name);

/* Typed values. Asking for an unknown name, another type or a value that is not there is the caller's bug. */
IMP_API bool imp_params_flag(const ImpParams *params, const char *name);
IMP_API int64_t imp_params_integer(const ImpParams *params, const char *name);
IMP_API double imp_params_real(const ImpParams *params, const char *name);
/* The index of the choice in its row's list. */
IMP_API int imp_params_choice(const ImpParams *params, const char *name);
/* Lists belong to params and stay until the value changes; *count may be 0. */
IMP_API const double *imp_params_reals(const ImpParams *params, const char *name, size_t *count);
IMP_API const int64_t *imp_params_integers(const ImpParams *params, const char *name, size_t *count);
IMP_API const ImpLayerWeight *imp_params_layers(const ImpParams *params, const char *name, size_t *count);

#ifdef __cplusplus
}
#endif

#endif
