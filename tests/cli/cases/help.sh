# The help of a method, also at other widths, and before anything else that is wrong.
impasto invert --help; echo "exit $?"
COLUMNS=50 impasto help invert | sed -n '1,30p'
impasto invert --nonsense photo.jpg -h >/dev/null; echo "exit $?"
impasto invert -- --help; echo "exit $?"
