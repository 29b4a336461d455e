# The log, numbered pictures, previews and the summary.
impasto invert photo.png -o out.png --log log.csv --save-every 2 --preview now.png --preview-every 0 --steps 5
cut -d, -f1,3- log.csv
cut -d, -f2 log.csv | sed 's/[0-9]/#/g' | sort -u
ls -A | grep -v '^.bin$'
impasto invert photo.png -q -o half.png --steps 4 --save-every 2 --no-embed-recipe
impasto invert photo.png -q -o other.png --steps 1 --strength 0.5 --no-embed-recipe
cmp half-000002.png other.png && echo 'step 2 of 4 is half the way'
mkdir folder.d
impasto invert photo.png -q -o folder.d/noextension --format png --save-every 5
ls folder.d
impasto invert photo.png -q -o out.png --json --save-recipe --log log.csv | python3 -c '
import json, sys
report = json.load(sys.stdin)
assert report["seconds"] <= report["seconds_total"] and report["peak_rss_bytes"] > 1e6
assert report["evaluations_per_second"] > 0
for key in "seconds", "seconds_total", "peak_rss_bytes", "evaluations_per_second":
    del report[key]
print(json.dumps(report, indent=1))'
impasto invert photo.png -q -o "$(printf 'a "b"\\\303\244\377.png')" --json | python3 -c '
import json, sys
print(json.load(sys.stdin)["output"].encode("unicode_escape").decode())'
