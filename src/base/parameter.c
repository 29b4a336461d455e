#include "impasto/parameter.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/parameter_set.h"
#include "base/parameter_value.h"
#include <assert.h>
#include <string.h>

typedef struct Slot {
    ImpValue value;
    bool given; /* by imp_params_set, so that presets leave it alone */
} Slot;

struct ImpParams {
    const ImpParamTable *table;
    Slot *slots; /* (table->count) */
};

const ImpParamTable *imp_params_table(const ImpParams *params) {
    return params->table;
}

/* Whether `name` is one of the '|'-separated `list`. */
static bool is_listed(const char *list, const char *name) {
    size_t length = strlen(name);
    while (list) {
        const char *end = strchr(list, '|');
        size_t part = end ? (size_t)(end - list) : strlen(list);
        if (part == length && length > 0 && strncmp(list, name, part) == 0) return true;
        list = end ? end + 1 : NULL;
    }
    return false;
}

const ImpParam *imp_param_find(const ImpParamTable *table, const char *name) {
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->rows[i].name, name) == 0) return &table->rows[i];
    for (size_t i = 0; i < table->count; i++)
        if (is_listed(table->rows[i].aliases, name)) return &table->rows[i];
    return NULL;
}

static ImpStatus unknown_name(const ImpParamTable *table, const char *name, ImpError *error) {
    const char **names = imp_alloc(table->count, sizeof *names);
    const char *near = NULL;
    if (names) {
        for (size_t i = 0; i < table->count; i++) names[i] = table->rows[i].name;
        near = imp_suggest(name, names, table->count);
    }
    imp_free(names);
    if (near)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "there is no parameter \"%.100s\"; did you mean \"%s\"?", name,
                        near);
    return imp_fail(error, IMP_ERROR_ARGUMENT, "there is no parameter \"%.100s\"", name);
}

ImpStatus imp_params_new(const ImpParamTable *table, ImpParams **out, ImpError *error) {
    ImpStatus status = IMP_ALLOC(out, 1, "parameters", error);
    if (status != IMP_OK) return status;
    (*out)->table = table;
    status = IMP_ALLOC(&(*out)->slots, table->count, "parameters", error);
    for (size_t i = 0; i < table->count && status == IMP_OK; i++)
        if (table->rows[i].fallback)
            status = imp_value_parse(&table->rows[i], table->rows[i].fallback, &(*out)->slots[i].value, error);
    if (status != IMP_OK) imp_params_free(out);
    return status;
}

ImpStatus imp_params_copy(const ImpParams *params, ImpParams **out, ImpError *error) {
    const ImpParamTable *table = params->table;
    ImpStatus status = IMP_ALLOC(out, 1, "parameters", error);
    if (status != IMP_OK) return status;
    (*out)->table = table;
    status = IMP_ALLOC(&(*out)->slots, table->count, "parameters", error);
    for (size_t i = 0; i < table->count && status == IMP_OK; i++) {
        (*out)->slots[i].given = params->slots[i].given;
        if (params->slots[i].value.text)
            status = imp_value_parse(&table->rows[i], params->slots[i].value.text, &(*out)->slots[i].value, error);
    }
    if (status != IMP_OK) imp_params_free(out);
    return status;
}

void imp_params_free(ImpParams **params) {
    ImpParams *p = *params;
    if (!p) return;
    for (size_t i = 0; p->slots && i < p->table->count; i++) imp_value_clear(&p->slots[i].value);
    imp_free(p->slots);
    imp_free(p);
    *params = NULL;
}

static ImpStatus set_slot(Slot *slot, const ImpParam *row, const char *text, bool given, ImpError *error) {
    ImpValue value;
    ImpStatus status = imp_value_parse(row, text, &value, error);
    if (status != IMP_OK) return status;
    imp_value_clear(&slot->value);
    slot->value = value;
    slot->given = given;
    return IMP_OK;
}

ImpStatus imp_params_restore(ImpParams *params, const char *name, const char *text, bool given, ImpError *error) {
    const ImpParam *row = imp_param_find(params->table, name);
    if (!row) return unknown_name(params->table, name, error);
    return set_slot(&params->slots[row - params->table->rows], row, text, given, error);
}

ImpStatus imp_params_set(ImpParams *params, const char *name, const char *text, ImpError *error) {
    return imp_params_restore(params, name, text, true, error);
}

static char *trimmed_copy(const char *start, const char *end) {
    while (start < end && strchr(" \t\n", *start)) start++;
    while (end > start && strchr(" \t\n", end[-1])) end--;
    return imp_strndup(start, (size_t)(end - start));
}

/* One "name=value" in start..end. */
static ImpStatus apply_setting(ImpParams *params, const char *start, const char *end, ImpError *error) {
    const char *equals = memchr(start, '=', (size_t)(end - start));
    char *name = trimmed_copy(start, equals ? equals : end);
    char *value = trimmed_copy(equals ? equals + 1 : end, end);
    ImpStatus status = IMP_OK;
    if (!name || !value) {
        status = imp_fail(error, IMP_ERROR_MEMORY, "out of memory for a preset");
    } else if (equals) {
        const ImpParam *row = imp_param_find(params->table, name);
        Slot *slot = row ? &params->slots[row - params->table->rows] : NULL;
        if (!slot)
            status = unknown_name(params->table, name, error);
        else if (!slot->given)
            status = set_slot(slot, row, value, false, error);
    } else if (*name) {
        status = imp_fail(error, IMP_ERROR_ARGUMENT, "the preset's setting \"%.100s\" lacks a '='", name);
    }
    imp_free(name);
    imp_free(value);
    return status;
}

ImpStatus imp_params_apply_preset(ImpParams *params, const char *settings, ImpError *error) {
    ImpParams *changed; /* a preset with a fault changes nothing */
    ImpStatus status = imp_params_copy(params, &changed, error);
    while (status == IMP_OK && *settings) {
        const char *end = settings + strcspn(settings, ";");
        status = apply_setting(changed, settings, end, error);
        settings = *end ? end + 1 : end;
    }
    if (status == IMP_OK) {
        Slot *slots = params->slots;
        params->slots = changed->slots;
        changed->slots = slots;
    }
    imp_params_free(&changed);
    return status;
}

static const Slot *find_slot(const ImpParams *params, const char *name) {
    const ImpParam *row = imp_param_find(params->table, name);
    assert(row);
    return &params->slots[row - params->table->rows];
}

bool imp_params_given(const ImpParams *params, const char *name) {
    return find_slot(params, name)->given;
}

bool imp_params_has(const ImpParams *params, const char *name) {
    return find_slot(params, name)->value.text != NULL;
}

const char *imp_params_text(const ImpParams *params, const char *name) {
    return find_slot(params, name)->value.text;
}

/* The value of a row of type `type` that has one. */
static const ImpValue *typed_value(const ImpParams *params, const char *name, ImpParamType type) {
    const ImpParam *row = imp_param_find(params->table, name);
    assert(row && row->type == type);
    const ImpValue *value = &params->slots[row - params->table->rows].value;
    assert(value->text);
    (void)type;
    return value;
}

bool imp_params_flag(const ImpParams *params, const char *name) {
    return typed_value(params, name, IMP_PARAM_FLAG)->flag;
}

int64_t imp_params_integer(const ImpParams *params, const char *name) {
    return typed_value(params, name, IMP_PARAM_INTEGER)->integer;
}

double imp_params_real(const ImpParams *params, const char *name) {
    return typed_value(params, name, IMP_PARAM_REAL)->real;
}

int imp_params_choice(const ImpParams *params, const char *name) {
    return typed_value(params, name, IMP_PARAM_CHOICE)->choice;
}

const double *imp_params_reals(const ImpParams *params, const char *name, size_t *count) {
    const ImpValue *value = typed_value(params, name, IMP_PARAM_REALS);
    *count = value->count;
    return value->reals;
}

const int64_t *imp_params_integers(const ImpParams *params, const char *name, size_t *count) {
    const ImpValue *value = typed_value(params, name, IMP_PARAM_INTEGERS);
    *count = value->count;
    return value->integers;
}

const ImpLayerWeight *imp_params_layers(const ImpParams *params, const char *name, size_t *count) {
    const ImpValue *value = typed_value(params, name, IMP_PARAM_LAYERS);
    *count = value->count;
    return value->layers;
}
