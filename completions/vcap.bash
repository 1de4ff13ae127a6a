# bash completion for vcap and its commands: vcap-complete(1) knows what may come next.

_vcap() {
	local word rest glue='' words=() i

	# Bash takes --option=value apart.
	for ((i = 0; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ $word == = && $i -gt 0 ]]; then
			words[${#words[@]} - 1]+='='
			glue=yes
		elif [[ $glue ]]; then
			words[${#words[@]} - 1]+=$word
			glue=''
		else
			words+=("$word")
		fi
	done
	COMPREPLY=()
	while IFS=$'\t' read -r word rest; do
		case $word in
		:files) compopt -o default ;;
		--*=*) COMPREPLY+=("${word#*=}") ;;
		*) COMPREPLY+=("$word") ;;
		esac
	done < <(vcap-complete "${words[@]}" 2>/dev/null)
}

# shellcheck disable=SC2046 # commands have no blanks
complete -F _vcap vcap $(compgen -c vcap- | sort -u)
