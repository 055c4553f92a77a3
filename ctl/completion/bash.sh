# Completion of fqctl in bash: what the tables above come to. The words of the line are put together again first, since bash cuts
# them at = and : too.

# _fqctl_kind NAME VERB: the kind of the value of an option, into $kind; 1 where there is no such option.
_fqctl_kind() {
	local names
	while IFS=$'\t' read -r names kind _; do
		[[ " $names " == *" $1 "* ]] && return
	done < <(_fqctl_options "$2")
	kind=
	return 1
}

# _fqctl_ask VERB OPTION...: the first column of what the coordinator tells, by the options of the line that say where it is.
_fqctl_ask() {
	command "$program" "$1" "${where[@]}" "${@:2}" --no-header --timeout 1s 2>/dev/null </dev/null | awk '{ print $1 }'
}

# Coordinators that were joined.
_fqctl_hosts() {
	sed -n 's/^\([^# ][^ ]*\) .*/\1/p' "${FQ_KEYS:-${XDG_CONFIG_HOME:-$HOME/.config}/fqcluster}/known" 2>/dev/null | sed 's/:5381$//'
}

# _fqctl_offer KIND: what can stand in the place of $cur.
_fqctl_offer() {
	local kind=$1 before=
	case ${kind%% *} in
	file) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	folder) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
	words) mapfile -t COMPREPLY < <(compgen -W "${kind#* }" -- "$cur") ;;
	list)
		[[ $cur != *,* ]] || before=${cur%,*},
		mapfile -t COMPREPLY < <(compgen -P "$before" -W "${kind#* }" -- "${cur##*,}")
		compopt -o nospace 2>/dev/null
		;;
	host)
		mapfile -t COMPREPLY < <(compgen -W "$(_fqctl_hosts)" -- "$cur")
		[[ $cur != *:* || $COMP_WORDBREAKS != *:* ]] || COMPREPLY=("${COMPREPLY[@]#"${cur%:*}:"}")
		;;
	job) mapfile -t COMPREPLY < <(compgen -W "$(_fqctl_ask status --all)" -- "$cur") ;;
	node) mapfile -t COMPREPLY < <(compgen -W "$(_fqctl_ask nodes)" -- "$cur") ;;
	peer) mapfile -t COMPREPLY < <(compgen -W "$(_fqctl_ask peers)" -- "$cur") ;;
	esac
}

# The words up to the cursor as they were typed, into $words.
_fqctl_words() {
	local i glued=
	words=()
	for ((i = 0; i <= COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		= | :) words[-1]+=${COMP_WORDS[i]} glued=1 ;;
		*) if [ -n "$glued" ]; then words[-1]+=${COMP_WORDS[i]} glued=; else words+=("${COMP_WORDS[i]}"); fi ;;
		esac
	done
}

# Reads the words before the cursor: $verb, its $arguments, and in $kind what the last of them waits for; $where has the options for
# _fqctl_ask.
_fqctl_read() {
	local i word waits=
	verb='' kind='' arguments=0
	for ((i = 1; i < ${#words[@]} - 1; i++)); do
		word=${words[i]}
		if [ -n "$waits" ]; then
			waits=
			[[ ${words[i - 1]} != @(-h|-p|--host|--port|--socket|--keys|--config) ]] || where+=("${words[i - 1]}" "$word")
		elif [[ $word == --*=* ]]; then
			[[ ${word%%=*} != @(--host|--port|--socket|--keys|--config) ]] || where+=("$word")
		elif [[ $word == -?* ]]; then
			_fqctl_kind "$word" "$verb" && [ "$kind" != - ] && waits=1
		elif [ -z "$verb" ]; then
			verb=$word
		else
			arguments=$((arguments + 1))
		fi
	done
	[ -n "$waits" ] || kind=
}

_fqctl() {
	local cur verb kind name arguments program=${COMP_WORDS[0]} where=() words=()
	COMPREPLY=()
	_fqctl_words
	cur=${words[-1]}
	_fqctl_read
	if [ -n "$kind" ]; then
		_fqctl_offer "$kind"
	elif [[ $cur == --*=* ]]; then
		name=${cur%%=*} cur=${cur#*=}
		_fqctl_kind "$name" "$verb" || return 0
		_fqctl_offer "$kind"
		[[ $COMP_WORDBREAKS == *=* ]] || COMPREPLY=("${COMPREPLY[@]/#/$name=}")
	elif [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_fqctl_options "$verb" | cut -f1)" -- "$cur")
	elif [ -z "$verb" ]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_fqctl_verbs | cut -f1)" -- "$cur")
	else
		_fqctl_offer "$(_fqctl_verbs | awk -F'\t' -v verb="$verb" -v place=$((arguments > 0 ? 3 : 2)) '$1 == verb { print $place }')"
	fi
}
complete -F _fqctl fqctl
