/* Impasto: image style transfer. This header includes the others, in reading order. */
#ifndef IMPASTO_IMPASTO_H
#define IMPASTO_IMPASTO_H

/* Not in the order of the alphabet: */
/* clang-format off */
#include <impasto/version.h>
#include <impasto/status.h>
#include <impasto/image.h>
#include <impasto/picture_list.h>
#include <impasto/parameter.h>
#include <impasto/method.h>
#include <impasto/train.h>
#include <impasto/recipe.h>
#include <impasto/json.h>
#include <impasto/model.h>
/* clang-format on */

#endif
