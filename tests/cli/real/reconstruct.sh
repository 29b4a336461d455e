# The method reconstruct as a user sees it, with a small network of random weights.
impasto reconstruct photo.png -o out.png --model vgg.safetensors --layer relu1_1 -n 5 2>&1 | sed 's/PSNR .*/PSNR #/'
impasto reconstruct photo.png -o again.png --model vgg.safetensors --layer relu1_1 -n 5 --quiet
cmp out.png again.png
impasto reconstruct photo.png -o out.png --model vgg.safetensors --layer relu1_1 -n 3 --quiet --json | tr ',' '\n' |
    grep -o '"\(feature\|alpha\|tv\|psnr\|total\|evaluations\)":' | tr '\n' ' '
echo
impasto reconstruct photo.png -o sheet.png --model vgg.safetensors --all-layers -n 2 2>&1 | sed 's/PSNR .*/PSNR #/'
impasto reconstruct photo.png -o out.png --model vgg.safetensors --layer conv1_2 -n 4 --quiet --save-recipe
impasto reconstruct photo.png -o replayed.png --recipe out.png.recipe.json --quiet; cmp out.png replayed.png
impasto reconstruct photo.png -o first.png --model vgg.safetensors --layer conv1_2 -n 2 --checkpoint run.st --quiet
impasto reconstruct photo.png -o second.png --model vgg.safetensors --layer conv1_2 -n 4 --resume run.st --quiet
cmp out.png second.png
for wrong in '--layer relu9_9' '--layer relu4_2' '--all-layers --decoder' '--decoder-file none.safetensors' '--tv-beta 0.5' \
    '--all-layers --checkpoint run.st' '--init white'; do
    impasto reconstruct photo.png -o wrong.png --model vgg.safetensors $wrong
    echo "exit $?"
done
ls wrong.png
