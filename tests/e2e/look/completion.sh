# The scripts are accepted by their shells.
ok provrun completion bash
ok bash -n "$out"
cp "$out" "$SCRATCH/completion.bash"
ok bash -c '. "$1"; COMP_WORDS=(provrun li); COMP_CWORD=1; COMP_LINE="provrun li"; COMP_POINT=10; _provrun; printf "%s\n" "${COMPREPLY[@]}"' - "$SCRATCH/completion.bash"
has "$out" lineage
ok provrun completion zsh
has "$out" '#compdef provrun'
ok provrun completion fish
has "$out" 'complete -c provrun'
fails 2 provrun completion tcsh
