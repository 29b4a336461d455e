/* Text in PNG files (W3C PNG specification, 11.3.3), put in and read without decoding the picture. */
#ifndef IMP_IMAGE_PNG_TEXT_H
#define IMP_IMAGE_PNG_TEXT_H

#include "impasto/image.h"
#include <stddef.h>

/* Refuses keys that PNG cannot hold. */
ImpStatus imp_png_check_texts(const ImpImageText *texts, size_t count, ImpError *error);

/* A copy of the PNG file `data` with the texts as iTXt chunks after its header. On success *out (*out_size bytes) is
 * the caller's, to be freed with imp_free. */
ImpStatus imp_png_add_texts(const unsigned char *data, size_t size, const ImpImageText *texts, size_t count,
                            unsigned char **out, size_t *out_size, ImpError *error);

/* The first text with this key, from tEXt (Latin-1) and uncompressed iTXt chunks, as UTF-8. On success *out is the
 * caller's, to be freed with free(), or NULL when there is none. `name` is for messages. */
ImpStatus imp_png_find_text(const unsigned char *data, size_t size, const char *key, const char *name, char **out,
                            ImpError *error);

#endif
