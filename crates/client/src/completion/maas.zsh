#compdef maas
# zsh completion for maas: source <(maas completion zsh), or save as _maas in a directory of $fpath
_maas() {
    local line word help
    local -a plain open
    for line in ${(f)"$(${words[1]} __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)"}; do
        word=${line%%$'\t'*}
        help=${line#*$'\t'}
        if [[ $word == *= ]]; then
            open+=("${word//:/\\:}:$help")
        else
            plain+=("${word//:/\\:}:$help")
        fi
    done
    if (( ${#plain} + ${#open} == 0 )); then
        _files
        return
    fi
    (( ${#plain} )) && _describe maas plain
    (( ${#open} )) && _describe parameter open -S ''
}
if [[ $funcstack[1] == _maas ]]; then
    _maas "$@"
else
    compdef _maas maas
fi
