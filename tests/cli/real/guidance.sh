# Masks are files that are read: nothing writes over them, and what does not fit is refused.
try() { echo "\$ impasto $*"; impasto "$@"; echo "exit $?"; }
cp photo.png mask.png
try stylize photo.png painting.png --model vgg.safetensors --content-mask photo.png,mask.png -o mask.png
try stylize photo.png painting.png --model vgg.safetensors --content-mask not:mask.png -o out.png --preview mask.png
try stylize photo.png painting.png --model vgg.safetensors --style-mask mask.png -o out.png
try stylize photo.png painting.png --model vgg.safetensors --content-mask gone.png -o out.png
try stylize photo.png painting.png painting.png painting.png --model vgg.safetensors --content-mask not:mask.png,mask.png -o out.png
ls
