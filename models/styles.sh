#!/bin/bash
# Makes the built-in one-pass styles, 0.85 MB each.
#
#   models/styles.sh IMPASTO PHOTOS PAINTINGS OUT
#
# PHOTOS: a folder of some hundred photographs. PAINTINGS: the paintings named below. What is made goes into OUT.
#
# The first network learns to give photographs back, from layers that see detail: a style that begins there needs a few
# hundred steps, where random weights draw texture without the photograph for a thousand. Gram matrices differ in size
# from painting to painting; the weights make their losses about 40 times the content's at the start.
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

while read -r name painting weight; do
    [ -e "$name.safetensors" ] ||
        train --style "$paintings/$painting" --style-size 384 --style-weight "$weight" --start first.safetensors \
            --steps "${STEPS:-350}" --schedule cosine --average-decay 0.98 -o "$name.safetensors"
done <<EOF
wave wave.jpg 5e8
starry-night starry_night.jpg 1.5e8
scream the_scream.jpg 1.7e9
mosaic mosaic.jpg 1.2e8
composition composition_vii.jpg 2.2e8
udnie udnie.jpg 1.2e9
EOF
