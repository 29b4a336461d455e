#!/bin/sh
# Draws every sample picture, or those named: ./make.sh [NAME...]. Needs a C compiler and vips (libvips-tools).
set -eu
cd "$(dirname "$0")"
cc=${CC:-cc}
flags="-std=c17 -O2 -Wall -Wextra -Wpedantic -Wshadow"
if ! command -v vips >/dev/null; then
    echo "make.sh: vips is missing; it writes the JPEG files (Debian: libvips-tools)" >&2
    exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Threads are welcome but not needed; the pictures are the same without.
echo 'int main(void) { return 0; }' >"$work/probe.c"
if $cc -fopenmp "$work/probe.c" -o "$work/probe" 2>/dev/null; then flags="$flags -fopenmp"; fi

draw() { # NAME QUALITY [more sources]
    name=$1 quality=$2
    shift 2
    # shellcheck disable=SC2086 # flags are several words
    $cc $flags "$name.c" "$@" canvas.c -lm -o "$work/$name"
    "$work/$name" "$work/$name.ppm"
    vips jpegsave "$work/$name.ppm" "$name.jpg" --Q "$quality" --optimize-coding --strip
    echo "$name.jpg"
}

# The mask of the landscape's sky, for pictures of regions; the scale is the mask's and that of a preview.
draw_sky() {
    "$work/landscape" "$work/preview.ppm" 0.375 "$work/sky.ppm"
    vips colourspace "$work/sky.ppm" "$work/sky.v" b-w
    vips pngsave "$work/sky.v" landscape-sky.png --strip
    echo landscape-sky.png
}

[ $# -gt 0 ] || set -- landscape riverfront flowfield mosaic woodcut watercolour composition
for name; do
    case $name in
    landscape)
        draw landscape 89 sky.c terrain.c
        draw_sky
        ;;
    riverfront) draw riverfront 90 house.c ;;
    flowfield) draw flowfield 88 brush.c ;;
    mosaic | woodcut | watercolour | composition) draw "$name" 88 ;;
    *)
        echo "make.sh: no picture is called $name" >&2
        exit 1
        ;;
    esac
done
