# All forms of options do the same.
steps() { impasto invert photo.png -o out.png --json -q "$@" | sed 's/.*"evaluations": \([0-9]*\).*/\1/'; }
steps --steps 3
steps --steps=3
steps --iterations 3
steps --num-iterations=3
steps --steps 9 --steps 3
impasto invert --no-embed-recipe -o a.png --strength=0.5 photo.png
impasto invert --no-embed-recipe -qoa2.png -s.5 photo.png
impasto invert --no-embed-recipe -q -s 0.5 -k photo.png -o a3.png
impasto invert --no-embed-recipe -q --strength 5e-1 --keep-alpha=true -o a4.png -- photo.png
for other in a2 a3 a4; do cmp a.png $other.png; done
cp photo.png ./--photo.png
impasto invert -q -o b.png -- --photo.png; echo "exit $?"
impasto invert -q -o c.png - <photo.png; echo "exit $?"
impasto invert photo.png painting.png -o out.png; echo "exit $?"
