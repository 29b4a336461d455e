#include "method/analogy/analogy.h"

#include "method/analogy/run.h"
#include "method/analogy/settings.h"
#include "method/rows.h"

static const ImpParam rows[] = {
    {.name = "features",
     .letter = 'f',
     .type = IMP_PARAM_CHOICE,
     .fallback = "luminance",
     .choices = "luminance|color",
     .group = "Analogy",
     .help = "what is compared and copied: luminance keeps the target's colours; color takes all of the filtered "
             "picture, as for painting by labels"},
    {.name = "kappa",
     .letter = 'k',
     .type = IMP_PARAM_REAL,
     .fallback = "5",
     .minimum = 0,
     .maximum = 1000,
     .group = "Analogy",
     .help =
         "how much worse, as a share, what goes on with a neighbour may match at the finest level, and half as much "
         "at each coarser one; more copies larger pieces, such as strokes, less follows the target more closely",
     .aliases = "coherence"},
    {.name = "source-weight",
     .type = IMP_PARAM_REAL,
     .fallback = "1",
     .minimum = 0,
     .maximum = 1000,
     .group = "Analogy",
     .help = "how much source and target count against filtered picture and result; more follows the target more "
             "closely, less keeps textures in one piece"},
    {.name = "gradient-weight",
     .type = IMP_PARAM_REAL,
     .fallback = "0",
     .minimum = 0,
     .maximum = 100,
     .group = "Analogy",
     .help = "compare how luminance changes along x and y in source and target as well; more lets directions decide "
             "and tones less"},
    {.name = "remap",
     .type = IMP_PARAM_FLAG,
     .fallback = "true",
     .group = "Analogy",
     .help = "give source and filtered picture, both in the same way, the target's mean luminance and contrast first; "
             "without effect on color"},
    {.name = "seed",
     .type = IMP_PARAM_INTEGER,
     .fallback = "0",
     .minimum = 0,
     .maximum = 9007199254740992.0,
     .group = "Analogy",
     .help = "of what is left to chance; the same seed gives the same picture"},

    {.name = "window",
     .type = IMP_PARAM_INTEGER,
     .fallback = "5",
     .minimum = 3,
     .maximum = IMP_ANALOGY_MAX_WINDOW,
     .unit = "pixels",
     .group = "Matching",
     .help = "side of the neighbourhood that is compared, odd; more sees larger structures and takes longer",
     .aliases = "neighbourhood|neighborhood"},
    {.name = "levels",
     .type = IMP_PARAM_INTEGER,
     .minimum = 1,
     .maximum = IMP_ANALOGY_MAX_LEVELS,
     .group = "Matching",
     .help = "of the pyramid; more sees larger structures; without it, until a picture is 16 pixels wide or high"},
    {.name = "fast",
     .type = IMP_PARAM_FLAG,
     .fallback = "false",
     .group = "Matching",
     .help = "search by PatchMatch, several times as fast; matches are less close"},
    {.name = "iterations",
     .letter = 'n',
     .type = IMP_PARAM_INTEGER,
     .fallback = "4",
     .minimum = 1,
     .maximum = 1000,
     .group = "Matching",
     .help = "rounds of the fast search at each level; more finds closer matches",
     .aliases = "num-iterations"},
    {.name = "exact",
     .type = IMP_PARAM_FLAG,
     .fallback = "false",
     .group = "Matching",
     .help = "compare all of the source instead of the likely places; very slow"},

    {.name = "source-map",
     .type = IMP_PARAM_FILE_OUT,
     .group = "Run",
     .help =
         "also write where each pixel comes from, as a PNG of 16 bits: red is how far along in the filtered picture, "
         "green how far down, as shares of its width and height",
     .run_only = true},
    IMP_ROW_THREADS,
};

static const ImpInput inputs[] = {
    {"source", "a picture before", 1, 1},
    {"filtered", "the same after: painted, blurred, embossed ..., of the same size", 1, 1},
    {"target", "the picture that is to become what the first one became", 1, 1},
};

static const ImpPreset presets[] = {
    {"numbers", "painting by labels: source and target are flat colours that say what is where",
     "features=color;kappa=1;source-weight=2"},
    {"strokes", "paintings whose strokes are to stay in one piece", "kappa=25;gradient-weight=1"},
    {"filter", "filters that change every pixel in its place, such as blur and emboss", "kappa=1;remap=false"},
};

const ImpMethod imp_method_analogy = {
    .name = "analogy",
    .summary = "do to a picture what was done to another one, given before and after",
    .description =
        "Given a picture and a filtered version of it, makes of a third picture what the filter would have made of "
        "it: source is to filtered as target is to the result (Hertzmann et al. 2001, \"Image analogies\"). The filter "
        "may be a painter's hand, a blur, an emboss, or labels of flat colours to a photograph (\"texture by "
        "numbers\"): all that is known of it are the two pictures.\n\n"
        "Coarse to fine and pixel by pixel, the result takes the pixel of the filtered picture whose neighbourhood, in "
        "both pictures and two levels, is nearest; what goes on with what is beside it is preferred, as --kappa says. "
        "The source should have whatever the target has: skies for its skies, edges of the same directions for its "
        "edges.",
    .examples = "impasto analogy photo.jpg painted.jpg other.jpg -o out.png  # paint the other like the first\n"
                "impasto analogy a.png a-embossed.png b.png --preset filter -o out.png  # the filter is learned\n"
                "impasto analogy labels.png landscape.jpg sketch.png --preset numbers -o out.png  # from a sketch in "
                "flat colours\n"
                "impasto analogy photo.jpg painted.jpg other.jpg --fast -o draft.png  # in a few seconds\n"
                "impasto analogy photo.jpg painted.jpg other.jpg --source-map map.png -o out.png  # and where it comes "
                "from",
    .inputs = inputs,
    .n_inputs = sizeof inputs / sizeof *inputs,
    .params = {rows, sizeof rows / sizeof *rows},
    .presets = presets,
    .n_presets = sizeof presets / sizeof *presets,
    .run = imp_analogy_run,
};
