# What is wrong with files is said before the run, and the exit status is 1; nothing is left behind.
try() { echo "\$ impasto $*"; impasto "$@"; echo "exit $?"; }
mkdir folder
: >empty.png
echo 'no picture' >text.png
head -c 60 photo.png >cut.png
try invert missing.png -o out.png
try invert folder -o out.png
try invert empty.png -o out.png
try invert text.png -o out.png
try invert cut.png -o out.png
try invert photo.png -o missing/out.png
try invert photo.png -o folder
try invert photo.png -o out.banana
try invert photo.png -o out
try invert photo.png -o out.png --log missing/log.csv
try invert photo.png -o out.png --preview missing/preview.png
try invert photo.png -o out.png --save-recipe=missing/recipe.json
try invert photo.png -o out.png --model missing.safetensors
try invert photo.png -o out.png --fail-at 2
ls -A | grep -v '^.bin$'
