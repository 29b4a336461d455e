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
