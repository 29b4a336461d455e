# A run can be done again from its recipe, and from the PNG that it made.
impasto invert photo.png painting.png -q -o a.png -s 0.25 --layers a:2,b --weights 1,0.5 --note 'äß "x"' \
    --save-recipe 2>/dev/null
cat a.png.recipe.json
impasto invert --recipe a.png.recipe.json -q -o b.png; echo "exit $?"
impasto invert --recipe a.png -q -o c.png; echo "exit $?"
cmp a.png b.png && cmp a.png c.png && echo same
impasto invert --recipe a.png photo.png painting.png -q -o d.png --save-recipe=d.json; echo "exit $?"
cmp a.png.recipe.json d.json && echo same
impasto invert --recipe a.png -q -o e.png --strength 1 --json | grep -o '"output": "e.png"'
cmp -s a.png e.png || echo 'what is given wins'
impasto invert photo.png -q -o plain.png --no-embed-recipe
impasto invert --recipe plain.png -o f.png; echo "exit $?"
impasto invert --recipe a.png --preset gentle -o f.png; echo "exit $?"
impasto invert --recipe a.png painting.png -q -o g.png; echo "exit $?"
cp painting.png photo.png
impasto invert --recipe a.png -q -o g.png; echo "exit $?"
rm photo.png
impasto invert --recipe a.png -q -o g.png; echo "exit $?"
