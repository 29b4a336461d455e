#!/bin/bash
# Makes models/perceptual.safetensors: VGG-19 in a twelfth of the time.
#
#   models/perceptual.sh IMPASTO TEACHER FOLDER
#
# FOLDER holds what is learned on: photos/ (some hundred photographs), content/ (a few more that are looked at often),
# paintings/ and textures/. What is made goes there too: first.safetensors, stylised/ and perceptual.safetensors.
#
# The first network learns from these pictures. With it, photographs are restyled, and kept on the way: optimisation
# finds the pictures that a small network judges wrongly, so the second part of the training learns from them as well.
set -eu
impasto=$1 teacher=$2 folder=$3
cd "$folder"

train() {
    "$impasto" train perceptual --teacher "$teacher" --channels 16,32,64,192,192 --warmup 50 --average-decay 0.99 \
        --schedule cosine --half "$@"
}

[ -e first.safetensors.checkpoint ] || {
    mkdir -p first
    for kind in photos content paintings textures; do ln -sfn "../$kind" "first/$kind"; done
    train --photos first --steps 2500 --learning-rate 1.2e-3 -o first.safetensors
}

mkdir -p stylised
photos=(photos/unsplash/*.jpg content/*) paintings=(paintings/*) weights=(1e3 1e4 1e5)
for i in $(seq 0 35); do
    [ -e "stylised/$i.png" ] && continue
    init=content
    [ $((i % 4)) = 3 ] && init=noise
    "$impasto" stylize "${photos[$((i * 7 % ${#photos[@]}))]}" "${paintings[$((i % ${#paintings[@]}))]}" \
        --model first.safetensors --preset gatys --size 320 --evaluations 90 --style-weight "${weights[$((i % 3))]}" \
        --seed "$i" --init $init --save-every 20 -o "stylised/$i.png" --quiet
done

# Paintings six times and contents three times as often as photographs: there are few of them.
mkdir -p second
for kind in photos content textures stylised; do ln -sfn "../$kind" "second/$kind"; done
for k in 1 2 3 4 5 6; do
    mkdir -p "second/$k"
    for picture in paintings/*; do ln -sf "../../$picture" "second/$k/$k-$(basename "$picture")"; done
    [ "$k" -gt 2 ] || for picture in content/*; do ln -sf "../../$picture" "second/$k/$k-$(basename "$picture")"; done
done
train --photos second --start first.safetensors.checkpoint --steps "${STEPS:-4500}" --learning-rate 1e-3 \
    -o perceptual.safetensors
