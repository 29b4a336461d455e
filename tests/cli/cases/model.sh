# Fetching from a server on this machine, listing, describing and converting.
unset XDG_DATA_HOME
python3 - <<'END'
import json, struct

def save(path, arrays, metadata):
    """A safetensors file of zeros."""
    header, offset = {"__metadata__": metadata} if metadata else {}, 0
    for name, shape in arrays:
        size = 4
        for n in shape:
            size *= n
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + bytes(offset))

network = [("features.0.weight", [64, 3, 3, 3]), ("features.0.bias", [64]),
           ("features.2.weight", [64, 64, 3, 3]), ("features.2.bias", [64])]
save("net", network + [("classifier.0.weight", [10, 20])], None)
save("said.safetensors", network, {"note": "line\nbreak \x1b[2J", "licence": "CC0", "architecture": "vgg16",
                                   "input_order": "BGR", "input_scale": "255", "input_mean": "1,2,3"})
style, made = [], [("conv1", "in1", 3, 4, 9), ("conv2", "in2", 4, 5, 3), ("conv3", "in3", 5, 6, 3),
                   ("res1.conv1", "res1.in1", 6, 6, 3), ("res1.conv2", "res1.in2", 6, 6, 3),
                   ("deconv1", "in4", 6, 5, 3), ("deconv2", "in5", 5, 4, 3), ("deconv3", None, 4, 3, 9)]
for conv, norm, inside, out, kernel in made:
    style += [(conv + ".conv2d.weight", [out, inside, kernel, kernel]), (conv + ".conv2d.bias", [out])]
    style += [(norm + ".weight", [out]), (norm + ".bias", [out])] if norm else []
save("style.safetensors", style, {"steps": "40000", "style_sha256": "0" * 64})
save("decoder.safetensors", [("decode1_1.weight", [3, 2, 3, 3]), ("decode1_1.bias", [3])], {"decodes": "relu1_1"})
save("half-a-style.safetensors", style[:9], None)
save("gap.safetensors", network[2:], None)
save("torn.safetensors", network[:2] + [("features.5.weight", [128, 64, 3, 3]), ("features.5.bias", [128])], None)
END
mkfifo hold
python3 "$IMPASTO_TESTS/../download/server.py" . <hold >port &
exec 3>hold
while ! [ -s port ]; do sleep 0.05; done
server=http://127.0.0.1:$(cat port)
# Ports differ, and hashes change with the version that is written into the files.
try() { { echo "\$ impasto $*"; impasto "$@" 2>&1; } | sed -E "s#$server#SERVER#g; s/[0-9a-f]{64}/HASH/g"; }
try model list
try model info vgg19
try model info builtin
try model info perceptual --json | sed '/"input"/q'
try model info relu9_1
try model fetch vgg19 --source "$server/status/404/net" --source "$server/good/net"
try model fetch vgg19 --sha256 00000000 --source "$server/good/net"
try model fetch vgg19 --sha256 none --source "$server/status/503/x" --source "$server/good/net"
try model fetch vgg19
try model fetch vgg19 --quiet
try model fetch vgg19 --again --half --sha256 "$(sha256sum net | cut -c1-64)" --source "$server/cut/90000/net"
try model fetch vgg16 --sha256 none --source "$server/good/net"
try model list
try model info vgg19
try model info vgg19 --json
try model list --json
try model convert said.safetensors out.safetensors
try model info out.safetensors
try model convert vgg19 out.safetensors --half --model-input caffe --quiet
try model info out.safetensors --model-input torchvision
try model info gap.safetensors
try model convert gap.safetensors no.safetensors
try model convert torn.safetensors no.safetensors
try model convert net /no/such/folder/out.safetensors
try model info photo.png
cp said.safetensors .local/share/impasto/models/mine.safetensors
try model info mine
cp style.safetensors .local/share/impasto/models/mosaic.model
cp half-a-style.safetensors .local/share/impasto/models/torn.pth
try model info mosaic
try model info mosaic --json | sed '/"arrays"/q'
try model info torn | sed '/^Arrays/q'
try model convert builtin said.safetensors --quiet
try model info decoder.safetensors
try model info decoder.safetensors --json | sed '/"metadata"/q'
try model list
rm hold port
find . -type f -not -path './.bin/*' | sort
