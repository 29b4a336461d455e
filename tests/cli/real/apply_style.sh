# What belongs to --style is refused without it.
try() { echo "\$ impasto $*"; impasto "$@"; echo "exit $?"; }
try apply photo.png --model vgg.safetensors --transform wct -o out.png
try apply photo.png --model vgg.safetensors --decoder adain -o out.png
try apply photo.png --model vgg.safetensors --style-weights 1,2 -o out.png
try apply photo.png --style painting.png --transform wct -q -o out.png
try apply photo.png --model udnie -q -o out.png
try reconstruct photo.png --decoder -q -o out.png
try reconstruct photo.png --decoder --layer relu4_1 -q -o out.png
