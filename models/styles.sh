#!/bin/bash
# Makes the built-in one-pass styles, 0.85 MB each.
#
#   models/styles.sh IMPASTO PHOTOS PAINTINGS OUT
#
# PHOTOS: a folder of some hundred photographs. PAINTINGS: the paintings named below. What is made goes into OUT.
#
# The first network learns to give photographs back, from layers that see detail: a style that begins there keeps the
# photograph from the start, where random weights draw texture alone for a thousand steps. From one style to the next a
# few hundred steps do. Gram matrices differ in size from painting to painting: the weights make their losses alike.
set -eu
impasto=$1 photos=$2 paintings=$3 out=$4
mkdir -p "$out"
cd "$out"

train() {
    "$impasto" train style --photos "$photos" --width 0.5 --half "$@"
}

[ -e first.safetensors ] ||
    train --style "$paintings/wave.jpg" --style-size 256 --content-layers relu1_2,relu2_2 --style-layers relu1_2 \
        --style-weight 1 --steps 350 --learning-rate 2e-3 --schedule linear --average-decay 0.95 -o first.safetensors

style() { # NAME PAINTING START STEPS OPTION...
    local name=$1 painting=$2 start=$3 steps=$4
    shift 4
    [ -e "$name.safetensors" ] ||
        train --style "$paintings/$painting" --style-size 384 --start "$start.safetensors" --steps "$steps" \
            --schedule cosine --average-decay 0.98 -o "$name.safetensors" "$@"
}

style second wave.jpg first 350 --style-weight 5e8
style wave wave.jpg second 1200 --style-weight 1.5e8
style scream the_scream.jpg wave 350 --style-weight 1e9 --tv-weight 1e7
style mosaic mosaic.jpg wave 350 --style-weight 6e7 --tv-weight 1e7
style composition composition_vii.jpg wave 350 --style-weight 1.2e8 --tv-weight 1e7
style udnie udnie.jpg wave 350 --style-weight 6e8 --tv-weight 1e7
style starry-night starry_night.jpg composition 450 --style-weight 2e8 --tv-weight 1e7
