/* The minimum error boundary cut (Efros, Freeman 2001, section 2.1). */
#ifndef IMP_METHOD_TEXTURE_CUT_H
#define IMP_METHOD_TEXTURE_CUT_H

/* The path through error (along,across) from the first row to the last, one place a row, each at most one column beside
 * the one before, whose errors have the least sum: cut[i], 0..across-1, for each row. Of equal sums the path furthest
 * to the left at its end. `error` becomes the sums. across >= 1. */
void imp_texture_cut(float *error, int along, int across, int *cut);

#endif
