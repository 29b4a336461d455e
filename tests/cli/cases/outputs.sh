# Formats, depths, standard output, and what happens when it is full or closed.
depth() { od -An -tu1 -j24 -N1 "$1" | tr -d ' '; }
impasto invert photo.png -q -o a.png; depth a.png
impasto invert deep.png -q -o b.png; depth b.png
impasto invert deep.png -q -o c.png --bit-depth 8; depth c.png
impasto invert photo.png -q -o d.png --bit-depth 16; depth d.png
impasto invert photo.png -q -o e.jpg --bit-depth 16; echo "exit $?"
impasto invert photo.png -q -o high.jpg --quality 100
impasto invert photo.png -q -o low.jpg --quality 1
test "$(wc -c <high.jpg)" -gt "$(wc -c <low.jpg)" && echo 'quality counts'
impasto invert photo.png -q -o odd.name --format jpg && head -c 3 odd.name | od -An -tx1
impasto invert photo.png -o - --format png >f.png; echo "exit $?"
cmp a.png f.png && echo same
mkdir rescued; export TMPDIR="$PWD/rescued"
if test -e /dev/full; then
    impasto invert photo.png -q -o - --format png >/dev/full; echo "exit $?"
    impasto invert photo.png -q -o /dev/full --format png; echo "exit $?"
    impasto invert photo.png -q -o g.png --json >/dev/full; echo "exit $?"
    impasto --help >/dev/full; echo "exit $?"
    impasto invert photo.png -q -o h.png --log /dev/full; echo "exit $?"
    test -s h.png && echo 'the picture is there'
fi
