#!/bin/bash
# Makes the built-in decoders, which paint from what the built-in network sees.
#
#   models/decoders.sh IMPASTO PHOTOS PAINTINGS OUT
#
# PHOTOS and PAINTINGS: folders of some hundred photographs and some paintings. What is made goes into OUT.
set -eu
impasto=$1 photos=$2 paintings=$3 out=$4
mkdir -p "$out"
cd "$out"

adain() {
    "$impasto" train adain --photos "$photos" --paintings "$paintings" --style-weight 1.5 --schedule cosine --warmup 50 \
        --half "$@"
}

# Relative weights: the style's share decides how much is painted, total variation how much is woven.
[ -e first.safetensors.checkpoint ] || adain --tv-weight 1 --average-decay 0.99 --steps 1237 -o first.safetensors
[ -e adain.safetensors ] ||
    adain --tv-weight 2 --average-decay 0.995 --steps 2000 --start first.safetensors.checkpoint -o adain.safetensors

while read -r layer first second; do
    [ -e "$layer.safetensors" ] && continue
    "$impasto" train decoder --layer "$layer" --photos "$photos" --steps "$first" --schedule cosine \
        --average-decay 0.99 --half -o "first-$layer.safetensors"
    "$impasto" train decoder --layer "$layer" --photos "$photos" --steps "$second" --schedule cosine \
        --average-decay 0.995 --learning-rate 2e-3 --half --start "first-$layer.safetensors.checkpoint" \
        -o "$layer.safetensors"
done <<EOF
relu3_1 700 2000
relu2_1 400 1500
relu1_1 200 2000
EOF
