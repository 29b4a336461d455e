# A preset gives way to what is given, in any order.
steps() { impasto invert photo.png -o out.png --json -q "$@" | sed 's/.*"evaluations": \([0-9]*\).*/\1/'; }
steps
steps --preset gentle
steps --preset gentle --steps 7
steps --steps 7 --preset gentle
