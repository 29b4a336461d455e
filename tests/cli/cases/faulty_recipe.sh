# A recipe is not trusted.
try() { printf '%s' "$1" >r.json; impasto invert photo.png --recipe r.json -q -o out.png; echo "exit $?"; }
try ''
try 'hello'
try '[]'
try '{}'
try '{"impasto-recipe": 2, "method": "invert", "parameters": {}}'
try '{"impasto-recipe": 1, "parameters": {}}'
try '{"impasto-recipe": 1, "method": "paint", "parameters": {}}'
try '{"impasto-recipe": 1, "method": "invert"}'
try '{"impasto-recipe": 1, "method": "invert", "parameters": {}, "banana": 1}'
try '{"impasto-recipe": 1, "method": "invert", "parameters": {"stength": 1}}'
try '{"impasto-recipe": 1, "method": "invert", "parameters": {"strength": 2}}'
try '{"impasto-recipe": 1, "method": "invert", "parameters": {"strength": {}}}'
try '{"impasto-recipe": 1, "method": "invert", "parameters": {"strength": null}}'
try '{"impasto-recipe": 1, "method": "invert", "parameters": {"steps": 2.5}}'
try '{"impasto-recipe": 1, "method": "invert", "parameters": {"weights": [1, "2"]}}'
try '{"impasto-recipe": 1, "method": "invert", "parameters": {"steps": 1, "steps": 2}}'
try '{"impasto-recipe": 1, "method": "invert", "parameters": {}, "inputs": [{"role": "content"}]}'
try '{"impasto-recipe": 1, "method": "invert", "parameters": {}, "model-sha256": "12"}'
try '{"impasto-recipe": 1, "method": "invert", "parameters": {}, "stopped-after": "x"}'
try '{"impasto-recipe": 1, "method": "invert", "parameters": {"steps": 2, "weights": [1, 2.5]}}'
impasto invert --recipe r.json -q -o out.png; echo "exit $?"
impasto invert --recipe missing.json -q -o out.png; echo "exit $?"
impasto invert --recipe . -q -o out.png; echo "exit $?"
