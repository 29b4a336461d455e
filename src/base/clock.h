/* Time for measuring. */
#ifndef IMP_BASE_CLOCK_H
#define IMP_BASE_CLOCK_H

/* Seconds on a clock that only goes forward; its zero means nothing. */
double imp_clock_seconds(void);

#endif
