/* Where which style goes, and how much of it: masks of regions and the strength map ("Controlling perceptual factors in
 * neural style transfer", Gatys et al. 2017, section 4). */
#ifndef IMP_METHOD_STYLISE_GUIDANCE_H
#define IMP_METHOD_STYLISE_GUIDANCE_H

#include "base/hash.h"
#include "image/mask.h"
#include "impasto/method.h"

/* Without masks there is one region, everything, which has all styles. */
typedef struct ImpGuidance {
    size_t n_regions;
    bool masked;                     /* the regions come from masks, and each has one style */
    ImpMask content[IMP_REGION_MAX]; /* (n_regions) if masked */
    ImpMask style[IMP_REGION_MAX];   /* (n_regions), empty where all of the style counts */
    size_t style_of[IMP_REGION_MAX]; /* (n_regions) if masked */
    ImpMask strength;                /* empty: 1 everywhere */
} ImpGuidance;

/* Reads the files that options name, for a content and its styles, whose shapes the masks must have. To be ended by the
 * caller, after a failure too. */
ImpStatus imp_guidance_read(const ImpParams *params, const ImpImage *content, const ImpImage *const *styles,
                            size_t n_styles, ImpGuidance *out, ImpError *error);
void imp_guidance_end(ImpGuidance *guidance);
/* One hash of all masks, for checkpoints. */
ImpStatus imp_guidance_hash(const ImpGuidance *guidance, char out[IMP_SHA256_TEXT], ImpError *error);

/* Whether region `region` takes from style `style`. */
bool imp_guidance_uses(const ImpGuidance *guidance, size_t region, size_t style);
/* How much each place of an activation of height x width counts in the region, of a style and of the picture being
 * made. *out is the caller's, to be freed with imp_free, or NULL where all places count alike. */
ImpStatus imp_guidance_style_places(const ImpGuidance *guidance, size_t region, int width, int height, float **out,
                                    ImpError *error);
ImpStatus imp_guidance_content_places(const ImpGuidance *guidance, size_t region, int width, int height, float **out,
                                      ImpError *error);
/* The same for all regions together. */
ImpStatus imp_guidance_all_places(const ImpGuidance *guidance, int width, int height, float **out, ImpError *error);

/* How much each place belongs to each region, times `weight`: (n_regions,height,width), of a style turned by `degrees`
 * and of the picture being made. *out is the caller's, to be freed with imp_free, or NULL without masks. */
ImpStatus imp_guidance_style_map(const ImpGuidance *guidance, size_t style, double degrees, double weight, int width,
                                 int height, float **out, ImpError *error);
ImpStatus imp_guidance_content_map(const ImpGuidance *guidance, double weight, int width, int height, float **out,
                                   ImpError *error);

#endif
