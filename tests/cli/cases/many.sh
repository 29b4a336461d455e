# Many pictures and whole folders into a folder.
try() { echo "\$ impasto $*"; impasto "$@"; echo "exit $?"; }
mkdir -p photos/2024 photos/.git
cp photo.png photos/a.png
cp deep.png photos/2024/deep.png
cp painting.png photos/.hidden.png
cp painting.png photos/.git/b.png
ln -s .. photos/2024/up
impasto invert photo.png -q -o photos/b.JPEG
impasto invert photo.png -q -o photos/2024/c.tif
impasto invert photo.png -q -o 'photos/d e.gif'
impasto invert photo.png -q -o photos/v1.2 --format webp
echo '--- names and formats'
try invert photos painting.png -O new/out
find new -type f | sort
head -c 3 new/out/b.JPEG | od -An -tx1
od -An -tu1 -j24 -N1 new/out/2024/deep.png
echo '--- the same bytes as one by one'
for name in a.png b.JPEG 2024/deep.png 2024/c.tif; do
    impasto invert photos/$name -q -o same-${name##*.}.${name##*.}
    cmp same-${name##*.}.${name##*.} new/out/$name && echo "$name: same"
done
rm -f same-*
echo '--- another format'
try invert photos -O jpg/ --format jpeg -q
find jpg -type f | sort
echo '--- going on'
rm new/out/a.png
cp photo.png new/out/b.JPEG
try invert photos painting.png -O new/out --skip-existing
cmp photo.png new/out/b.JPEG && echo 'left alone'
try invert photos painting.png -O new/out --skip-existing -q
try invert photos painting.png -O new/out -q
cmp -s photo.png new/out/b.JPEG || echo 'written over'
echo '--- results within the folder'
try invert photos -O photos/out -q
try invert photos -O photos/out --skip-existing
find photos/out -type f | sort
rm -r photos/out
echo '--- what is no picture'
echo 'no picture' >photos/notes.txt
head -c 60 photo.png >photos/broken.png
: >photos/empty.jpg
ln -s nowhere photos/gone.png
try invert photos -O partly
try invert photos missing.png photo.png -O partly --json 2>/dev/null | sed 's/"stopped": .*"recipe"/..., "recipe"/'
mkdir nothing
try invert nothing -O none
try invert missing.png photos/notes.txt -O none
try invert missing -O none --skip-existing --json
rm photos/notes.txt photos/broken.png photos/empty.jpg photos/gone.png
echo '--- refused before the work'
try invert photos photo.png photos/a.png -O none
try invert photos/a.png ./photos -O none
try invert photo.png photo.png -O none
try invert photos -O photos
try invert photos -O none -O photos/.
try invert 'photos/d e.gif' -O .
mkdir linked
ln -s ../photo.png linked/b.JPEG
ln photos/a.png linked/photo.png
try invert photos photo.png -O linked
rm linked/b.JPEG
try invert photo.png photos -O linked
cp painting.png linked/painting.png
try invert photo.png painting.png -O linked --model linked/painting.png
try invert photo.png painting.png -O linked --note linked/painting.png,deep.png
try invert photo.png -O none -o out.png
try invert photo.png -O none --log log.csv
try invert photo.png -O none --preview now.png
try invert photo.png -O none --save-every 2
try invert photo.png -O none --save-recipe=recipe.json
try invert photos -O none --bit-depth 16
try invert photos -O none --format banana
try invert - -O none
try invert -O none
try invert photo.png -o out.png --skip-existing
try invert photo.png painting.png deep.png photos -o out.png
try invert photo.png -O photo.png
try invert photo.png -O photo.png/below
try invert photo.png painting.png -O none --fail-at 2
try invert photo.png -O "$(printf 'no\033[2Jfolder')" -q --fail-at 2
ls
echo '--- a notice is given once'
impasto invert photo.png -q -o recipe.png --preset gentle
try invert photos -O again --recipe recipe.png --save-recipe
impasto invert --recipe again/a.png.recipe.json -q -o again.png
cmp again.png again/a.png && echo same
find again -name '*.json' | sort
