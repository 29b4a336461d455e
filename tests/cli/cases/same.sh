# No output replaces an input or another output.
try() { echo "\$ impasto $*"; impasto "$@"; echo "exit $?"; }
cp photo.png kept.png
ln photo.png hard.png
ln -s photo.png soft.png
try invert photo.png -o photo.png
try invert photo.png -o ./photo.png
try invert photo.png -o hard.png
try invert soft.png -o photo.png
try invert photo.png painting.png -o painting.png
try invert photo.png -o out.png --preview photo.png
try invert photo.png -o out.png --log photo.png
try invert photo.png -o out.png --log out.png
try invert photo.png -o out.png --preview out.png
try invert photo.png -o out.png --model kept.png --save-recipe=kept.png
cmp photo.png kept.png && echo unharmed
try invert photo.png -q -o out.png
try invert photo.png -q -o out.png
impasto invert photo.png -q -o out-000001.png && mv out-000001.png kept-000001.png
impasto invert kept-000001.png -q -o kept.png --save-every 1; echo "exit $?"
long=$(printf %0240d 0)
impasto invert photo.png -q -o "$long.png" 2>&1 | cut -c 1-80
impasto invert photo.png -q -o r.png --save-recipe=r.json && impasto invert --recipe r.json -q -o r.json --format png; echo "exit $?"
