# What is wrong with the command line is said in one sentence, and the exit status is 2.
try() { echo "\$ impasto $*"; impasto "$@"; echo "exit $?"; }
try nothing
try inwert photo.png
try photo.png painting.png
try --quiet
try invert
try invert photo.png
try invert photo.png painting.png painting.png painting.png -o out.png
try invert photo.png -o out.png --stength 0.5
try invert photo.png -o out.png --stren 0.5
try invert photo.png -o out.png --bananas
try invert photo.png -o out.png -x
try invert photo.png -o out.png --strength
try invert photo.png -o --steps 3
try invert photo.png -o out.png --strength=
try invert photo.png -o out.png --strength 1,5
try invert photo.png -o out.png --strength 2
try invert photo.png -o out.png --steps 1.5
try invert photo.png -o out.png --mode blue
try invert photo.png -o out.png --mode=
try invert photo.png -o out.png --no-strength
try invert photo.png -o out.png --no-keep-alpha=false
try invert photo.png -o out.png --keep-alpha=maybe
try invert photo.png -o out.png --weights 1,,2
try invert photo.png -o out.png --sizes 1,100
try invert photo.png -o out.png --layers relu1_1:x
try invert photo.png -o out.png --note "$(printf 'a\033[2Jb')"
try invert photo.png -o out.png --quality 0
try invert photo.png -o out.png --bit-depth 12
try invert photo.png -o out.png --preset gentel
try invert photo.png -o out.png --preset faulty
try invert - - -o out.png
try invert photo.png -o -
try invert photo.png -o - --format png --json
try invert photo.png -o - --format png --save-every 2
try invert photo.png -o - --format png --save-recipe
try invert "$(printf 'no\033[2Jfile.png')" -o out.png
ls
