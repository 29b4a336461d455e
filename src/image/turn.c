#include "image/turn.h"

#include "base/memory.h"
#include <math.h>

/* A picture, and the part of it that stays when it is turned. */
typedef struct Turn {
    int width, height;         /* before */
    int out_width, out_height; /* after */
    double cosine, sine;
} Turn;

/* A w x h part, turned, fits into W x H where w |cos| + h |sin| <= W and w |sin| + h |cos| <= H. */
static Turn plan(int width, int height, double degrees) {
    double angle = degrees * acos(-1) / 180;
    Turn turn = {.width = width, .height = height, .cosine = cos(angle), .sine = sin(angle)};
    double across = fabs(turn.cosine) + (double)height / width * fabs(turn.sine);
    double down = fabs(turn.cosine) + (double)width / height * fabs(turn.sine);
    double scale = 1 / fmax(across, down);
    turn.out_width = (int)fmax(1, floor(width * scale + 1e-6));
    turn.out_height = (int)fmax(1, floor(height * scale + 1e-6));
    return turn;
}

static double clamp(double value, double most) {
    return value < 0 ? 0 : value > most ? most : value;
}

/* The plane at (x,y), which is in pixels from the middle of the first, between pixels bilinearly. */
static float sample(const float *plane, const Turn *turn, double x, double y) {
    x = clamp(x, turn->width - 1);
    y = clamp(y, turn->height - 1);
    size_t left = (size_t)x, top = (size_t)y, row = (size_t)turn->width;
    size_t right = left + 1 < row ? left + 1 : left;
    size_t bottom = top + 1 < (size_t)turn->height ? top + 1 : top;
    double across = x - (double)left, down = y - (double)top;
    double above = (1 - across) * (double)plane[top * row + left] + across * (double)plane[top * row + right];
    double below = (1 - across) * (double)plane[bottom * row + left] + across * (double)plane[bottom * row + right];
    return (float)((1 - down) * above + down * below);
}

static void turn_plane(const Turn *turn, const float *plane, float *out) {
    double middle_x = (turn->width - 1) / 2.0, middle_y = (turn->height - 1) / 2.0;
    for (int j = 0; j < turn->out_height; j++)
        for (int i = 0; i < turn->out_width; i++) {
            double x = i - (turn->out_width - 1) / 2.0, y = j - (turn->out_height - 1) / 2.0;
            out[(size_t)j * (size_t)turn->out_width + (size_t)i] =
                sample(plane, turn, middle_x + turn->cosine * x - turn->sine * y,
                       middle_y + turn->sine * x + turn->cosine * y);
        }
}

ImpStatus imp_image_turn(const ImpImage *image, double degrees, ImpImage **out, ImpError *error) {
    Turn turn = plan(image->width, image->height, degrees);
    ImpStatus status = imp_image_new(turn.out_width, turn.out_height, out, error);
    if (status != IMP_OK) return status;
    size_t from = (size_t)turn.width * (size_t)turn.height, to = (size_t)turn.out_width * (size_t)turn.out_height;
    for (size_t c = 0; c < 3; c++) turn_plane(&turn, image->rgb + c * from, (*out)->rgb + c * to);
    (*out)->bit_depth = image->bit_depth;
    return IMP_OK;
}

ImpStatus imp_mask_turn_by(const ImpMask *mask, double degrees, ImpMask *out, ImpError *error) {
    Turn turn = plan(mask->width, mask->height, degrees);
    *out = (ImpMask){.width = turn.out_width, .height = turn.out_height};
    ImpStatus status = IMP_ALLOC(&out->at, (size_t)turn.out_width * (size_t)turn.out_height, "mask", error);
    if (status == IMP_OK) turn_plane(&turn, mask->at, out->at);
    return status;
}
