# No output of a training replaces a photograph, a painting, or another output; a log is kept until the first row.
try() { echo "\$ impasto $*"; impasto "$@"; echo "exit $?"; }
mkdir photos
cp photo.png photos/a.png
cp photo.png photos/b.png
small="--style painting.png --photos photos -m vgg.safetensors --style-layers relu1_1 --content-layers relu1_2 --width 0.0625 --residual-blocks 1 --crop 32 --batch 1 -n 1 -q"
try train style $small -o photos/a.png
try train style $small -o out.safetensors --sample photos/b.png
try train style $small -o out.safetensors --log ./photos/a.png
try train style $small -o out.safetensors --checkpoint painting.png
try train style $small -o out.safetensors --log out.safetensors.checkpoint
cmp photo.png photos/a.png && cmp photo.png photos/b.png && echo unharmed
echo kept >log.csv
try train style $small --photos nowhere -o out.safetensors --log log.csv
cat log.csv
try train style $small -o photos/out.safetensors --log log.csv
head -c 18 log.csv; echo
try train style $small -o photos/out.safetensors
impasto train style $small -o photos/out.safetensors --log /dev/stdout | cut -c 1-18 | head -1; echo
{ impasto train style $small -o photos/out.safetensors --log /dev/stdout; echo "exit $?"; } | sed -n "3p"
