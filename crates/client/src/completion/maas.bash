# bash completion for maas: source <(maas completion bash)
_maas() {
    local IFS=$'\n' line current="${COMP_WORDS[COMP_CWORD]}"
    COMPREPLY=()
    # `name=value` is three words to bash; there is nothing of ours behind the `=`.
    if [[ "$current" == "=" || "${COMP_WORDS[COMP_CWORD-1]}" == "=" ]]; then
        return
    fi
    for line in $("${COMP_WORDS[0]}" __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null); do
        COMPREPLY+=("${line%%$'\t'*}")
    done
    if [[ ${#COMPREPLY[@]} -eq 1 && "${COMPREPLY[0]}" == *= ]]; then
        compopt -o nospace
    fi
}
complete -o default -F _maas maas
