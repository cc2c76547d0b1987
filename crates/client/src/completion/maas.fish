# fish completion for maas: maas completion fish | source
function __maas_complete
    set -l words (commandline -opc)
    $words[1] __complete -- $words[2..-1] (commandline -ct) 2>/dev/null
end
complete -c maas -f -n 'test (count (__maas_complete)) -gt 0' -a '(__maas_complete)'
complete -c maas -F -n 'test (count (__maas_complete)) -eq 0'
