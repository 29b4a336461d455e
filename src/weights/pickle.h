/* A restricted reader of Python pickles. It turns the bytes into a tree of plain values; a pickle's references to
 * Python functions and classes become values too, and only those that the caller lists: any other is an error that
 * names it. Nothing is ever called. It knows the opcodes that torch.save writes (binary ones of protocols 2 to 4). */
#ifndef IMP_WEIGHTS_PICKLE_H
#define IMP_WEIGHTS_PICKLE_H

#include "impasto/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum ImpPickleKind {
    IMP_PICKLE_NONE = 0,
    IMP_PICKLE_BOOL,
    IMP_PICKLE_INTEGER,
    IMP_PICKLE_BIG, /* an integer past 64 bits: as.text holds its little-endian two's complement */
    IMP_PICKLE_FLOAT,
    IMP_PICKLE_TEXT, /* str */
    IMP_PICKLE_BYTES,
    IMP_PICKLE_TUPLE,
    IMP_PICKLE_LIST,
    IMP_PICKLE_DICT,      /* also an OrderedDict; keys and values alternate in as.list */
    IMP_PICKLE_GLOBAL,    /* as.integer is the index in the caller's list */
    IMP_PICKLE_CALL,      /* a listed global applied to arguments */
    IMP_PICKLE_PERSISTENT /* a reference to something outside the pickle; as.item is its tuple */
} ImpPickleKind;

/* Other values are referred to by their index in ImpPickle.values. Containers may contain themselves. */
typedef struct ImpPickleValue {
    ImpPickleKind kind;
    union {
        int64_t integer; /* BOOL, INTEGER, GLOBAL */
        double number;   /* FLOAT */
        struct {
            const char *at; /* into the pickle's bytes, not NUL-terminated */
            size_t length;
        } text;
        struct {
            uint32_t *items; /* (count) */
            uint32_t count, capacity;
        } list; /* TUPLE, LIST, DICT */
        struct {
            uint32_t function, arguments; /* a GLOBAL and a TUPLE */
        } call;
        uint32_t item; /* PERSISTENT */
    } as;
} ImpPickleValue;

/* A class or function that a pickle may name. */
typedef struct ImpPickleGlobal {
    const char *module, *name;
    bool makes_dict; /* calling it makes an empty dict, or one from a list of pairs: collections.OrderedDict */
} ImpPickleGlobal;

typedef struct ImpPickle {
    ImpPickleValue *values;
    uint32_t count, capacity;
    uint32_t root;
    size_t size; /* bytes up to and with the final STOP */
} ImpPickle;

enum { IMP_PICKLE_MAX_VALUES = 1 << 19 };

/* Reads one pickle from the front of `size` bytes, which must outlive *out. `name` is what messages call the file. On
 * success *out is to be freed with imp_pickle_free; on failure it is empty. */
ImpStatus imp_pickle_parse(const unsigned char *data, size_t size, const char *name, const ImpPickleGlobal *allowed,
                           size_t n_allowed, ImpPickle *out, ImpError *error);
void imp_pickle_free(ImpPickle *pickle);

/* Item i of a TUPLE or LIST; NULL where there is none or `value` is neither. */
const ImpPickleValue *imp_pickle_item(const ImpPickle *pickle, const ImpPickleValue *value, size_t i);
/* The value under a TEXT key of a DICT (the last, where the key is there twice); NULL where there is none. */
const ImpPickleValue *imp_pickle_find(const ImpPickle *pickle, const ImpPickleValue *dict, const char *key);
bool imp_pickle_text_is(const ImpPickleValue *value, const char *text);

#endif
