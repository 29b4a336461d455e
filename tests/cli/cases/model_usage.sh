# The help of the model command, and what is wrong with its command line.
unset XDG_DATA_HOME
try() { echo "\$ impasto $*"; impasto "$@"; echo "exit $?"; }
try model
try model --help
try help model
try model list --help
try model info -h
try model fetch --help
try model convert --help
try model lsit
try model nothing
try model list vgg19
try model info
try model info a b
try model fetch
try model fetch vgg19 --preset x
try model fetch vgg19 --sorce x
try model fetch vgg19 --source
try model fetch vgg19 --source file:///etc/passwd
try model fetch vgg19 --source nonsense
try model fetch vgg19 --sha256 xyz
try model fetch vgg18
try model convert a
try model convert a b --half=perhaps
try model info a --model-input bgr
try model info vgg91
try model info "$(printf 'no\033[2Jfile')"
try model convert nothing.pth out.safetensors
