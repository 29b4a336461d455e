# The completion scripts; that of bash is also tried.
impasto completion; echo "exit $?"
impasto completion tcsh; echo "exit $?"
impasto completion zsh
impasto completion fish
command -v bash >/dev/null || exit 0
impasto completion bash >completion.bash
cat >try.bash <<'END'
source ./completion.bash
try() {
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    _impasto
    echo "$*: ${COMPREPLY[*]}"
}
try impasto ''
try impasto in
try impasto invert --st
try impasto invert --no
try impasto invert --mode ''
try impasto invert --mode = r
try impasto invert -m ''
try impasto invert --preset g
try impasto invert --strength ''
try impasto invert pho
try impasto invert --output pai
try impasto completion f
try impasto help inv
END
bash try.bash
