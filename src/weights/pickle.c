#include "weights/pickle.h"

#include "base/error.h"
#include "base/memory.h"
#include "weights/text.h"
#include <string.h>

/* A growing list of value indices. */
typedef struct Indices {
    uint32_t *items;
    uint32_t count, capacity;
} Indices;

/* The pickle machine: a stack of values with marks on it, and a memo of values to be used again. */
typedef struct Machine {
    const unsigned char *data;
    size_t size, at;
    const char *name;
    const ImpPickleGlobal *allowed;
    size_t n_allowed;
    ImpPickle *pickle;
    Indices stack;
    Indices marks; /* stack heights */
    Indices memo;  /* value indices; no_value where nothing was put */
    bool stopped;
    ImpError *error;
} Machine;

static const uint32_t no_value = UINT32_MAX;

static ImpStatus damaged(Machine *m, const char *what) {
    return imp_fail(m->error, IMP_ERROR_FORMAT, "%s: its pickle is damaged at byte %zu: %s; the file is broken",
                    m->name, m->at, what);
}

static ImpStatus out_of_memory(Machine *m) {
    return imp_fail(m->error, IMP_ERROR_MEMORY, "out of memory for the pickle of %s", m->name);
}

/* Room for `more` items. The limit is far above what a real file needs and keeps 32-bit counts from overflowing. */
static ImpStatus reserve(Machine *m, Indices *list, uint32_t more) {
    if (more > 2 * IMP_PICKLE_MAX_VALUES || list->count > 2 * IMP_PICKLE_MAX_VALUES - more)
        return damaged(m, "it has too many values");
    if (list->capacity - list->count >= more) return IMP_OK;
    uint32_t capacity = 2 * list->capacity > list->count + more ? 2 * list->capacity : list->count + more;
    if (capacity < 8) capacity = 8;
    uint32_t *items = imp_realloc(list->items, list->count, capacity, sizeof *items);
    if (!items) return out_of_memory(m);
    list->items = items;
    list->capacity = capacity;
    return IMP_OK;
}

static ImpStatus append(Machine *m, Indices *list, const uint32_t *items, uint32_t count) {
    ImpStatus status = reserve(m, list, count);
    if (status != IMP_OK || count == 0) return status;
    memcpy(list->items + list->count, items, count * sizeof *items);
    list->count += count;
    return IMP_OK;
}

/* A value's list and an Indices are the same three fields; this is the way in and out. */
static ImpStatus append_to_value(Machine *m, uint32_t value, const uint32_t *items, uint32_t count) {
    ImpPickleValue *v = &m->pickle->values[value];
    Indices list = {v->as.list.items, v->as.list.count, v->as.list.capacity};
    ImpStatus status = append(m, &list, items, count);
    v->as.list.items = list.items;
    v->as.list.count = list.count;
    v->as.list.capacity = list.capacity;
    return status;
}

static ImpStatus push_index(Machine *m, uint32_t value) {
    return append(m, &m->stack, &value, 1);
}

/* Makes a value and pushes it. */
static ImpStatus push(Machine *m, ImpPickleValue value) {
    ImpPickle *p = m->pickle;
    if (p->count >= IMP_PICKLE_MAX_VALUES) return damaged(m, "it has too many values");
    if (p->count == p->capacity) {
        uint32_t capacity = p->capacity ? 2 * p->capacity : 256;
        ImpPickleValue *values = imp_realloc(p->values, p->count, capacity, sizeof *values);
        if (!values) return out_of_memory(m);
        p->values = values;
        p->capacity = capacity;
    }
    p->values[p->count] = value;
    return push_index(m, p->count++);
}

/* The lowest stack height that may be popped to: the last mark. */
static uint32_t fence(const Machine *m) {
    return m->marks.count ? m->marks.items[m->marks.count - 1] : 0;
}

static ImpStatus pop(Machine *m, uint32_t *out) {
    *out = 0;
    if (m->stack.count <= fence(m)) return damaged(m, "a value is missing");
    *out = m->stack.items[--m->stack.count];
    return IMP_OK;
}

/* The value on top, left there, which must be of `kind`. */
static ImpStatus top_of_kind(Machine *m, ImpPickleKind kind, uint32_t *out) {
    *out = 0;
    if (m->stack.count <= fence(m)) return damaged(m, "a value is missing");
    *out = m->stack.items[m->stack.count - 1];
    return m->pickle->values[*out].kind == kind ? IMP_OK : damaged(m, "a value is of the wrong kind");
}

/* Takes the last mark away; *start is its stack height, and the values above it stay until the caller drops them. */
static ImpStatus pop_mark(Machine *m, uint32_t *start) {
    *start = 0;
    if (m->marks.count == 0) return damaged(m, "a mark is missing");
    *start = m->marks.items[--m->marks.count];
    return IMP_OK;
}

static ImpStatus take(Machine *m, size_t count, const unsigned char **out) {
    *out = m->data + m->at;
    if (count > m->size - m->at)
        return imp_fail(m->error, IMP_ERROR_FORMAT,
                        "%s ends in the middle of its pickle: the file is incomplete; download or copy it again",
                        m->name);
    m->at += count;
    return IMP_OK;
}

static uint64_t little_endian(const unsigned char *bytes, size_t count) {
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++) value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

/* An unsigned number of `width` bytes. */
static ImpStatus take_unsigned(Machine *m, size_t width, uint64_t *out) {
    *out = 0;
    const unsigned char *bytes;
    ImpStatus status = take(m, width, &bytes);
    if (status == IMP_OK) *out = little_endian(bytes, width);
    return status;
}

static ImpStatus push_simple(Machine *m, ImpPickleKind kind, int64_t integer) {
    return push(m, (ImpPickleValue){.kind = kind, .as.integer = integer});
}

static ImpStatus push_unsigned(Machine *m, size_t width) {
    uint64_t value;
    ImpStatus status = take_unsigned(m, width, &value);
    return status == IMP_OK ? push_simple(m, IMP_PICKLE_INTEGER, (int64_t)value) : status;
}

static int64_t sign_extended(uint64_t value, size_t width) {
    if (width == 0) return 0;
    uint64_t sign = (uint64_t)1 << (8 * width - 1);
    return (int64_t)((value ^ sign) - sign);
}

/* BININT: 4 bytes with sign. */
static ImpStatus push_signed(Machine *m) {
    uint64_t value;
    ImpStatus status = take_unsigned(m, 4, &value);
    return status == IMP_OK ? push_simple(m, IMP_PICKLE_INTEGER, sign_extended(value, 4)) : status;
}

/* LONG1 and LONG4: a length of `width` bytes, then that many bytes of two's complement. */
static ImpStatus push_long(Machine *m, size_t width) {
    uint64_t length;
    const unsigned char *bytes = NULL;
    ImpStatus status = take_unsigned(m, width, &length);
    if (status == IMP_OK) status = take(m, (size_t)length, &bytes);
    if (status != IMP_OK) return status;
    if (length > 8)
        return push(m, (ImpPickleValue){.kind = IMP_PICKLE_BIG, .as.text = {(const char *)bytes, (size_t)length}});
    return push_simple(m, IMP_PICKLE_INTEGER, sign_extended(little_endian(bytes, (size_t)length), (size_t)length));
}

/* BINFLOAT: 8 bytes, big end first. */
static ImpStatus push_float(Machine *m) {
    const unsigned char *bytes;
    ImpStatus status = take(m, 8, &bytes);
    if (status != IMP_OK) return status;
    uint64_t bits = 0;
    for (int i = 0; i < 8; i++) bits = bits << 8 | bytes[i];
    ImpPickleValue value = {.kind = IMP_PICKLE_FLOAT};
    memcpy(&value.as.number, &bits, sizeof bits);
    return push(m, value);
}

/* A length of `width` bytes, then that many bytes of text. */
static ImpStatus push_text(Machine *m, ImpPickleKind kind, size_t width) {
    uint64_t length;
    const unsigned char *bytes = NULL;
    ImpStatus status = take_unsigned(m, width, &length);
    if (status == IMP_OK) status = take(m, (size_t)length, &bytes);
    if (status != IMP_OK) return status;
    return push(m, (ImpPickleValue){.kind = kind, .as.text = {(const char *)bytes, (size_t)length}});
}

/* The values above the last mark, as one new container. */
static ImpStatus push_from_mark(Machine *m, ImpPickleKind kind) {
    uint32_t start;
    ImpStatus status = pop_mark(m, &start);
    if (status != IMP_OK) return status;
    uint32_t count = m->stack.count - start;
    if (kind == IMP_PICKLE_DICT && count % 2) return damaged(m, "a key has no value");
    status = push(m, (ImpPickleValue){.kind = kind});
    if (status != IMP_OK) return status;
    uint32_t value = m->pickle->count - 1;
    status = append_to_value(m, value, m->stack.items + start, count);
    m->stack.items[start] = value;
    m->stack.count = start + 1;
    return status;
}

/* TUPLE1, TUPLE2 and TUPLE3: as if a mark lay `count` values down. */
static ImpStatus push_small_tuple(Machine *m, uint32_t count) {
    if (m->stack.count - fence(m) < count) return damaged(m, "a value is missing");
    uint32_t height = m->stack.count - count;
    ImpStatus status = append(m, &m->marks, &height, 1);
    return status == IMP_OK ? push_from_mark(m, IMP_PICKLE_TUPLE) : status;
}

/* APPENDS and SETITEMS: the values above the last mark go into the container below it. */
static ImpStatus extend(Machine *m, ImpPickleKind kind) {
    uint32_t start, target;
    ImpStatus status = pop_mark(m, &start);
    if (status != IMP_OK) return status;
    uint32_t count = m->stack.count - start;
    m->stack.count = start;
    if (kind == IMP_PICKLE_DICT && count % 2) return damaged(m, "a key has no value");
    status = top_of_kind(m, kind, &target);
    return status == IMP_OK ? append_to_value(m, target, m->stack.items + start, count) : status;
}

/* APPEND and SETITEM: as if a mark lay `count` values down. */
static ImpStatus extend_by(Machine *m, ImpPickleKind kind, uint32_t count) {
    if (m->stack.count - fence(m) < count) return damaged(m, "a value is missing");
    uint32_t height = m->stack.count - count;
    ImpStatus status = append(m, &m->marks, &height, 1);
    return status == IMP_OK ? extend(m, kind) : status;
}

static ImpStatus refuse_global(Machine *m, const char *module, size_t module_length, const char *name, size_t length) {
    ImpQuoted in = imp_quote(module, module_length), what = imp_quote(name, length);
    return imp_fail(
        m->error, IMP_ERROR_UNSUPPORTED,
        "%s asks Python for %s.%s, which plain weights do not need: it is refused and nothing was run; save "
        "the weights alone with torch.save(model.state_dict(), PATH)",
        m->name, in.text, what.text);
}

static bool same(const char *text, size_t length, const char *other) {
    return strlen(other) == length && memcmp(text, other, length) == 0;
}

static ImpStatus push_global(Machine *m, const char *module, size_t module_length, const char *name, size_t length) {
    for (size_t i = 0; i < m->n_allowed; i++)
        if (same(module, module_length, m->allowed[i].module) && same(name, length, m->allowed[i].name))
            return push_simple(m, IMP_PICKLE_GLOBAL, (int64_t)i);
    return refuse_global(m, module, module_length, name, length);
}

static ImpStatus take_line(Machine *m, const char **out, size_t *length) {
    const unsigned char *start = m->data + m->at;
    const unsigned char *end = m->at < m->size ? memchr(start, '\n', m->size - m->at) : NULL;
    *out = (const char *)start;
    *length = end ? (size_t)(end - start) : 0;
    return take(m, end ? *length + 1 : m->size - m->at + 1, &start);
}

/* GLOBAL: module and name, a line each. */
static ImpStatus global_of_lines(Machine *m) {
    const char *module, *name;
    size_t module_length, length;
    ImpStatus status = take_line(m, &module, &module_length);
    if (status == IMP_OK) status = take_line(m, &name, &length);
    return status == IMP_OK ? push_global(m, module, module_length, name, length) : status;
}

/* STACK_GLOBAL: module and name from the stack. */
static ImpStatus global_of_stack(Machine *m) {
    uint32_t name, module;
    ImpStatus status = pop(m, &name);
    if (status == IMP_OK) status = pop(m, &module);
    if (status != IMP_OK) return status;
    ImpPickleValue *values = m->pickle->values;
    if (values[name].kind != IMP_PICKLE_TEXT || values[module].kind != IMP_PICKLE_TEXT)
        return damaged(m, "a class has no name");
    return push_global(m, values[module].as.text.at, values[module].as.text.length, values[name].as.text.at,
                       values[name].as.text.length);
}

/* OrderedDict(): empty; OrderedDict([[key, value], ...]), as Python 2 writes it: those pairs. */
static ImpStatus push_dict_call(Machine *m, uint32_t arguments) {
    ImpStatus status = push(m, (ImpPickleValue){.kind = IMP_PICKLE_DICT});
    uint32_t dict = m->pickle->count - 1;
    const ImpPickleValue *given = &m->pickle->values[arguments];
    if (status != IMP_OK || given->as.list.count == 0) return status;
    const ImpPickleValue *pairs = imp_pickle_item(m->pickle, given, 0);
    if (pairs->kind != IMP_PICKLE_LIST || given->as.list.count != 1) return damaged(m, "an OrderedDict has no pairs");
    for (uint32_t i = 0; i < pairs->as.list.count && status == IMP_OK; i++) {
        const ImpPickleValue *pair = imp_pickle_item(m->pickle, pairs, i);
        if ((pair->kind != IMP_PICKLE_LIST && pair->kind != IMP_PICKLE_TUPLE) || pair->as.list.count != 2)
            return damaged(m, "an OrderedDict has no pairs");
        status = append_to_value(m, dict, pair->as.list.items, 2);
    }
    return status;
}

/* REDUCE: a global applied to a tuple. It is noted down, not applied. */
static ImpStatus reduce(Machine *m) {
    uint32_t arguments, function;
    ImpStatus status = top_of_kind(m, IMP_PICKLE_TUPLE, &arguments);
    if (status == IMP_OK) status = pop(m, &arguments);
    if (status == IMP_OK) status = top_of_kind(m, IMP_PICKLE_GLOBAL, &function);
    if (status == IMP_OK) status = pop(m, &function);
    if (status != IMP_OK) return status;
    if (m->allowed[m->pickle->values[function].as.integer].makes_dict) return push_dict_call(m, arguments);
    return push(m, (ImpPickleValue){.kind = IMP_PICKLE_CALL, .as.call = {function, arguments}});
}

/* BUILD sets attributes of an object; state dictionaries carry a version there, which nobody needs. */
static ImpStatus build(Machine *m) {
    uint32_t state, target;
    ImpStatus status = pop(m, &state);
    return status == IMP_OK ? top_of_kind(m, IMP_PICKLE_DICT, &target) : status;
}

static ImpStatus push_persistent(Machine *m) {
    uint32_t item;
    ImpStatus status = pop(m, &item);
    return status == IMP_OK ? push(m, (ImpPickleValue){.kind = IMP_PICKLE_PERSISTENT, .as.item = item}) : status;
}

/* Picklers number the memo from 0 or 1 on, so that a number can never exceed the count of values. */
static ImpStatus memo_put(Machine *m, uint64_t number) {
    if (m->stack.count <= fence(m)) return damaged(m, "a value is missing");
    if (number > IMP_PICKLE_MAX_VALUES) return damaged(m, "a memo number is too large");
    while (m->memo.count <= number) {
        ImpStatus status = append(m, &m->memo, &no_value, 1);
        if (status != IMP_OK) return status;
    }
    m->memo.items[number] = m->stack.items[m->stack.count - 1];
    return IMP_OK;
}

static ImpStatus memo_put_next(Machine *m, size_t width) {
    uint64_t number;
    ImpStatus status = take_unsigned(m, width, &number);
    return status == IMP_OK ? memo_put(m, number) : status;
}

static ImpStatus memo_get(Machine *m, size_t width) {
    uint64_t number;
    ImpStatus status = take_unsigned(m, width, &number);
    if (status != IMP_OK) return status;
    if (number >= m->memo.count || m->memo.items[number] == no_value) return damaged(m, "a memo number is unknown");
    return push_index(m, m->memo.items[number]);
}

static ImpStatus drop(Machine *m) {
    if (m->marks.count && m->stack.count == fence(m)) { /* POP takes a mark too */
        m->marks.count--;
        return IMP_OK;
    }
    uint32_t value;
    return pop(m, &value);
}

static ImpStatus drop_to_mark(Machine *m) {
    uint32_t start;
    ImpStatus status = pop_mark(m, &start);
    if (status == IMP_OK) m->stack.count = start;
    return status;
}

static ImpStatus duplicate(Machine *m) {
    if (m->stack.count <= fence(m)) return damaged(m, "a value is missing");
    return push_index(m, m->stack.items[m->stack.count - 1]);
}

static ImpStatus check_protocol(Machine *m) {
    uint64_t protocol;
    ImpStatus status = take_unsigned(m, 1, &protocol);
    if (status == IMP_OK && protocol > 5) return damaged(m, "its protocol is unknown");
    return status;
}

static ImpStatus stop(Machine *m) {
    m->stopped = true;
    if (m->marks.count) return damaged(m, "it stops inside a container");
    return pop(m, &m->pickle->root);
}

static ImpStatus unknown_opcode(Machine *m, unsigned char opcode) {
    return imp_fail(
        m->error, IMP_ERROR_UNSUPPORTED,
        "%s: its pickle has opcode 0x%02x at byte %zu, which weights never need; save the weights alone with "
        "torch.save(model.state_dict(), PATH)",
        m->name, opcode, m->at - 1);
}

/* clang-format off */
/* One opcode, with the names of Lib/pickletools.py. */
static ImpStatus step(Machine *m, unsigned char opcode) {
    const unsigned char *skipped;
    switch (opcode) {
    case 0x80: return check_protocol(m);                             /* PROTO */
    case 0x95: return take(m, 8, &skipped);                          /* FRAME: only a hint for buffering */
    case '.': return stop(m);                                        /* STOP */
    case '(': return append(m, &m->marks, &m->stack.count, 1);       /* MARK */
    case '0': return drop(m);                                        /* POP */
    case '1': return drop_to_mark(m);                                /* POP_MARK */
    case '2': return duplicate(m);                                   /* DUP */
    case 'N': return push_simple(m, IMP_PICKLE_NONE, 0);             /* NONE */
    case 0x88: return push_simple(m, IMP_PICKLE_BOOL, 1);            /* NEWTRUE */
    case 0x89: return push_simple(m, IMP_PICKLE_BOOL, 0);            /* NEWFALSE */
    case 'J': return push_signed(m);                                 /* BININT */
    case 'K': return push_unsigned(m, 1);                            /* BININT1 */
    case 'M': return push_unsigned(m, 2);                            /* BININT2 */
    case 0x8a: return push_long(m, 1);                               /* LONG1 */
    case 0x8b: return push_long(m, 4);                               /* LONG4 */
    case 'G': return push_float(m);                                  /* BINFLOAT */
    case 'U': return push_text(m, IMP_PICKLE_TEXT, 1);               /* SHORT_BINSTRING: str of Python 2 */
    case 'T': return push_text(m, IMP_PICKLE_TEXT, 4);               /* BINSTRING */
    case 0x8c: return push_text(m, IMP_PICKLE_TEXT, 1);              /* SHORT_BINUNICODE */
    case 'X': return push_text(m, IMP_PICKLE_TEXT, 4);               /* BINUNICODE */
    case 0x8d: return push_text(m, IMP_PICKLE_TEXT, 8);              /* BINUNICODE8 */
    case 'C': return push_text(m, IMP_PICKLE_BYTES, 1);              /* SHORT_BINBYTES */
    case 'B': return push_text(m, IMP_PICKLE_BYTES, 4);              /* BINBYTES */
    case 0x8e: return push_text(m, IMP_PICKLE_BYTES, 8);             /* BINBYTES8 */
    case ')': return push(m, (ImpPickleValue){.kind = IMP_PICKLE_TUPLE}); /* EMPTY_TUPLE */
    case ']': return push(m, (ImpPickleValue){.kind = IMP_PICKLE_LIST}); /* EMPTY_LIST */
    case '}': return push(m, (ImpPickleValue){.kind = IMP_PICKLE_DICT}); /* EMPTY_DICT */
    case 't': return push_from_mark(m, IMP_PICKLE_TUPLE);            /* TUPLE */
    case 'l': return push_from_mark(m, IMP_PICKLE_LIST);             /* LIST */
    case 'd': return push_from_mark(m, IMP_PICKLE_DICT);             /* DICT */
    case 0x85: return push_small_tuple(m, 1);                        /* TUPLE1 */
    case 0x86: return push_small_tuple(m, 2);                        /* TUPLE2 */
    case 0x87: return push_small_tuple(m, 3);                        /* TUPLE3 */
    case 'a': return extend_by(m, IMP_PICKLE_LIST, 1);               /* APPEND */
    case 'e': return extend(m, IMP_PICKLE_LIST);                     /* APPENDS */
    case 's': return extend_by(m, IMP_PICKLE_DICT, 2);               /* SETITEM */
    case 'u': return extend(m, IMP_PICKLE_DICT);                     /* SETITEMS */
    case 'q': return memo_put_next(m, 1);                            /* BINPUT */
    case 'r': return memo_put_next(m, 4);                            /* LONG_BINPUT */
    case 0x94: return memo_put(m, m->memo.count);                    /* MEMOIZE */
    case 'h': return memo_get(m, 1);                                 /* BINGET */
    case 'j': return memo_get(m, 4);                                 /* LONG_BINGET */
    case 'c': return global_of_lines(m);                             /* GLOBAL */
    case 0x93: return global_of_stack(m);                            /* STACK_GLOBAL */
    case 'R': return reduce(m);                                      /* REDUCE */
    case 'b': return build(m);                                       /* BUILD */
    case 'Q': return push_persistent(m);                             /* BINPERSID */
    default: return unknown_opcode(m, opcode);
    }
}
/* clang-format on */

ImpStatus imp_pickle_parse(const unsigned char *data, size_t size, const char *name, const ImpPickleGlobal *allowed,
                           size_t n_allowed, ImpPickle *out, ImpError *error) {
    *out = (ImpPickle){0};
    Machine m = {.data = data,
                 .size = size,
                 .name = name,
                 .allowed = allowed,
                 .n_allowed = n_allowed,
                 .pickle = out,
                 .error = error};
    ImpStatus status = IMP_OK;
    while (status == IMP_OK && !m.stopped) {
        const unsigned char *opcode;
        status = take(&m, 1, &opcode);
        if (status == IMP_OK) status = step(&m, *opcode);
    }
    out->size = m.at;
    imp_free(m.stack.items);
    imp_free(m.marks.items);
    imp_free(m.memo.items);
    if (status != IMP_OK) imp_pickle_free(out);
    return status;
}

void imp_pickle_free(ImpPickle *pickle) {
    for (uint32_t i = 0; i < pickle->count; i++) {
        ImpPickleKind kind = pickle->values[i].kind;
        if (kind == IMP_PICKLE_TUPLE || kind == IMP_PICKLE_LIST || kind == IMP_PICKLE_DICT)
            imp_free(pickle->values[i].as.list.items);
    }
    imp_free(pickle->values);
    *pickle = (ImpPickle){0};
}

const ImpPickleValue *imp_pickle_item(const ImpPickle *pickle, const ImpPickleValue *value, size_t i) {
    if (!value || (value->kind != IMP_PICKLE_TUPLE && value->kind != IMP_PICKLE_LIST)) return NULL;
    return i < value->as.list.count ? &pickle->values[value->as.list.items[i]] : NULL;
}

bool imp_pickle_text_is(const ImpPickleValue *value, const char *text) {
    return value && value->kind == IMP_PICKLE_TEXT && same(value->as.text.at, value->as.text.length, text);
}

const ImpPickleValue *imp_pickle_find(const ImpPickle *pickle, const ImpPickleValue *dict, const char *key) {
    if (!dict || dict->kind != IMP_PICKLE_DICT) return NULL;
    for (uint32_t i = dict->as.list.count; i >= 2; i -= 2)
        if (imp_pickle_text_is(&pickle->values[dict->as.list.items[i - 2]], key))
            return &pickle->values[dict->as.list.items[i - 1]];
    return NULL;
}
