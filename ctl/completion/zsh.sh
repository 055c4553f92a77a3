# Completion of fqctl in zsh: what the tables above come to, as specifications for _arguments.

# The first column of what the coordinator tells, by the options of the line that say where it is.
_fqctl_ask() {
	local -a found where
	local at
	for ((at = 2; at < ${#_fqctl_line}; at++)); do
		case ${_fqctl_line[at]} in
		-h | -p | --host | --port | --socket | --keys | --config) where+=("${_fqctl_line[at]}" "${_fqctl_line[++at]}") ;;
		--host=* | --port=* | --socket=* | --keys=* | --config=*) where+=("${_fqctl_line[at]}") ;;
		esac
	done
	found=(${(f)"$(command $_fqctl_line[1] $1 $where ${@[2,-1]} --no-header --timeout 1s 2>/dev/null </dev/null | awk '{ print $1 }')"})
	compadd -a found
}

# Coordinators that were joined.
_fqctl_hosts() {
	local -a found
	found=(${(f)"$(sed -n 's/^\([^# ][^ ]*\) .*/\1/p' ${FQ_KEYS:-${XDG_CONFIG_HOME:-$HOME/.config}/fqcluster}/known 2>/dev/null | sed 's/:5381$//')"})
	compadd -a found
}

# What _arguments says and does for a kind, into $action. (With a space in front it adds nothing to the arguments of a function.)
_fqctl_action() {
	case ${1%% *} in
	file) action=':file:_files' ;;
	folder) action=':folder:_files -/' ;;
	words) action=":word:(${1#* })" ;;
	list) action=":words:_values -s , word ${1#* }" ;;
	host) action=':host: _fqctl_hosts' ;;
	job) action=':job: _fqctl_ask status --all' ;;
	node) action=':node: _fqctl_ask nodes' ;;
	peer) action=':peer: _fqctl_ask peers' ;;
	any) action=":${1#any }: " ;;
	*) action= ;;
	esac
}

# The options of a verb, into $specs. Of two names that mean one option, each excludes the other.
_fqctl_specs() {
	local row names name kind sentence action equals
	specs=()
	for row in "${(@f)$(_fqctl_options "$1")}"; do
		names=${row%%$'\t'*} row=${row#*$'\t'} kind=${row%%$'\t'*} sentence=${row#*$'\t'}
		sentence=${${sentence//\[/\\[}//\]/\\]}
		_fqctl_action "$kind"
		for name in ${=names}; do
			equals=
			[[ -z $action ]] || if [[ $name == --* ]]; then equals='='; else equals=+; fi
			specs+=("($names)$name$equals""[$sentence]$action")
		done
	done
}

_fqctl() {
	local curcontext=$curcontext context state state_descr line action first row
	local -a specs all fields _fqctl_line
	typeset -A opt_args
	_fqctl_line=("${words[@]}")
	_fqctl_specs ''
	_arguments -C -S -A '-*' $specs '1:verb:->verb' '*::argument:->argument' && return 0
	case $state in
	verb)
		for row in "${(@f)$(_fqctl_verbs)}"; do all+=("${row%%$'\t'*}:${row##*$'\t'}"); done
		_describe verb all
		;;
	argument)
		_fqctl_specs "$words[1]"
		for row in "${(@f)$(_fqctl_verbs)}"; do
			fields=("${(@ps:\t:)row}")
			[[ $fields[1] == $words[1] ]] || continue
			_fqctl_action "$fields[2]"
			first=$action
			_fqctl_action "$fields[3]"
		done
		_arguments -S $specs ${first:+"1$first"} ${action:+"*$action"}
		;;
	esac
}

if [ "$funcstack[1]" = _fqctl ]; then _fqctl "$@"; else compdef _fqctl fqctl; fi
