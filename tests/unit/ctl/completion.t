#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Completion as the shells do it: bash by its function, zsh in a terminal of its own. What is offered is held to the verb table (as
# tests/unit/ctl/options prints it), and so are the man page's options; planted copies show that this can fail.
set -u
top=${FQ_TOP_SRCDIR:-$(cd "$(dirname "$0")/../../.." && pwd)}
build=${FQ_TOP_BUILDDIR:-$top}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
count=0 failed=0

ok() { # ok NAME COMMAND...
	local name=$1
	shift
	count=$((count + 1))
	if "$@" >"$work/out" 2>&1; then echo "ok $count - $name"; else
		echo "not ok $count - $name"
		failed=$((failed + 1))
		sed 's/^/# /' "$work/out"
	fi
}
skip() { count=$((count + 1)); echo "ok $count # SKIP $1"; }

script=$(realpath "$build")/ctl/completion/fqctl
"$build/tests/unit/ctl/options" >"$work/options"
mapfile -t verbs < <(cut -f1 "$work/options" | uniq)
unset FQ_HOST FQ_SOCKET
export FQ_KEYS=$work/keys
mkdir -p "$work/keys" "$work/bin" "$work/here/runs"
printf '# comment\ncoord:5381 0011\ncoord:99 0022\n' >"$work/keys/known"
touch "$work/here/reads.fastq" "$work/here/with space.fastq"

# A coordinator that is asked: what it was asked for is the file asked.
cat >"$work/bin/fqctl" <<'END'
#!/bin/bash
echo "$@" >"$(dirname "$0")/asked"
case $1 in
nodes) printf 'node1 idle\nnode2 down\n' ;;
status) printf '17 RUNNING\n18 PENDING\n' ;;
peers) printf 'alice client\n' ;;
esac
END
chmod +x "$work/bin/fqctl"

# offered SCRIPT WORD...: what bash offers for the last word; words are cut as bash cuts them.
offered() {
	(
		cd "$work/here" || exit 1
		PATH=$work/bin:$PATH
		# shellcheck source=/dev/null
		. "$1"
		shift
		COMP_WORDS=() COMPREPLY=()
		for word in "$@"; do
			while [[ $word == *[=:]* && $word != [=:] ]]; do
				part=${word%%[=:]*}
				[ -z "$part" ] || COMP_WORDS+=("$part")
				word=${word#"$part"}
				COMP_WORDS+=("${word:0:1}")
				word=${word:1}
			done
			COMP_WORDS+=("$word")
		done
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_WORDBREAKS=$' \t\n"\x27><=;|&(:'
		_fqctl
		[ ${#COMPREPLY[@]} -eq 0 ] || printf '%s\n' "${COMPREPLY[@]}" | sort
	)
}
offers() { # offers "WORD..." WANT...: exactly these
	local line=$1 got
	shift
	# shellcheck disable=SC2086
	got=$(offered "$script" fqctl $line"${last-}" | tr '\n' '|')
	[ "$got" = "$(printf '%s|' "$@")" ] || { echo "fqctl $line: $got, not $(printf '%s|' "$@")"; return 1; }
}
offers_next() { last='' offers_at "$@"; } # a space, and the cursor behind it
offers_at() {
	local line=$1 got
	shift
	# shellcheck disable=SC2086
	got=$(offered "$script" fqctl $line "$last" | tr '\n' '|')
	[ "$got" = "$(printf '%s|' "$@")" ] || { echo "fqctl $line _: $got, not $(printf '%s|' "$@")"; return 1; }
}
nothing() { last='' && [ -z "$(offered "$script" fqctl "$@" '')" ]; }

# all_options SCRIPT VERB: the options that are offered are those of the table.
all_options() {
	diff <(offered "$1" fqctl "$2" - | grep -- -- | sort) \
		<(awk -F'\t' -v verb="$2" '$1 == verb && $2 != "--" { print $2 }' "$work/options" | sort -u)
}

ok "bash takes it" bash -n "$script"
# shellcheck disable=SC2046
ok "every verb is offered" offers_next "" $(printf '%s\n' "${verbs[@]}" | sort)
ok "those that begin so" offers "sh" show
for verb in "${verbs[@]}"; do ok "$verb: every option" all_options "$script" "$verb"; done
grep -v '^--wait' "$script" >"$work/planted"
planted() { ! all_options "$work/planted" submit; }
ok "one that is missing is found" planted
ok "words of a choice" offers_next "token --role" admin client worker
ok "behind =" offers "token --role=w" worker
ok "of a form, behind a comma" offers "fetch --as csv,j" csv,json
ok "a letter that the verb has for something else: -o of qc is a folder" offers_next "qc -o" runs
ok "files" offers_next "submit" reads.fastq runs "with space.fastq"
ok "behind an option with a value" offers_next "--host x submit --name y" reads.fastq runs "with space.fastq"
ok "behind an option without" offers_next "submit --wait" reads.fastq runs "with space.fastq"
ok "nothing for a text" nothing submit --name
ok "hosts that were joined" offers_next "nodes -h" coord coord:99
ok "with their port" offers "nodes -h coord:9" 99
ok "nodes" offers_next "drain" node1 node2
ok "asked where the line says" offers_next "drain -h other:7 --timeout 9s" node1 node2
ok "so" grep -qx 'nodes -h other:7 --no-header --timeout 1s' "$work/bin/asked"
ok "jobs" offers "wait 1" 17 18
ok "peers" offers_next "revoke" alice
ok "what a verb can do" offers_next "slurm" keep start status stop
ok "behind an option too" offers "slurm -N 2 sto" stop
ok "and nothing of that again" nothing slurm start
ok "what stands behind it" offers_next "cache rm" 17 18

# ---- the man page

"$build/tests/unit/ctl/manual" >"$work/manual"
section() { sed -n '/^\.SH ALL OPTIONS$/,/^\.SH EXIT STATUS$/p' "$1" | sed '$d'; } # section FILE
same_section() { diff "$work/manual" <(section "$1"); }
ok "the man page has all options: tests/unit/ctl/manual prints what must stand there" same_section "$top/ctl/fqctl.1"
grep -v '^\.BR \\-\\-detach' "$top/ctl/fqctl.1" >"$work/planted.1"
planted_man() { ! same_section "$work/planted.1"; }
ok "one that is missing is found" planted_man

# ---- zsh: what it offers behind a line, in a terminal

zsh_lists() { # zsh_lists LINE: what it adds to the list, in $work/zsh
	cat >"$work/setup" <<'END'
cd $HERE
path=($BIN $path) fpath=($FUNCTIONS $fpath) PROMPT_EOL_MARK=
autoload -U compinit && compinit -u -D
compadd() {
	local -a added
	if [[ ${@[1,(i)(-|--)]} != *-[OAD]\ * ]]; then
		builtin compadd -A added "$@"
		print -rl -- $added >>$LIST
	fi
	builtin compadd "$@"
}
offer() { zle complete-word; print of''fered; }
zle -N offer
bindkey '^I' offer
setopt no_beep
print be''gun
END
	cat >"$work/driver" <<'END'
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell ". $SETUP"
zpty -r -m shell text '*begun*'
zpty -w -n shell "$LINE"$'\t'
zpty -r -m shell text '*offered*'
zpty -d shell
END
	rm -f "$work/zsh"
	HERE=$work/here BIN=$work/bin FUNCTIONS=$work/functions SETUP=$work/setup LIST=$work/zsh LINE=$1 timeout 60 zsh -f "$work/driver" >/dev/null 2>&1
}
zsh_has() { # zsh_has LINE WORD...
	local word
	zsh_lists "$1"
	shift
	for word in "$@"; do grep -qx -e "$word" "$work/zsh" || { echo "no $word in:"; cat "$work/zsh"; return 1; }; done
}
if command -v zsh >/dev/null && zsh -fc 'zmodload zsh/zpty' 2>/dev/null; then
	mkdir "$work/functions" && cp "$build/ctl/completion/_fqctl" "$work/functions"
	ok "zsh takes it" zsh -n "$work/functions/_fqctl"
	ok "zsh: verbs" zsh_has "fqctl " "${verbs[@]}"
	for verb in "${verbs[@]}"; do
		mapfile -t options < <(awk -F'\t' -v verb="$verb" '$1 == verb && $2 != "--" { print $2 }' "$work/options" | sort -u)
		ok "zsh: options of $verb" zsh_has "fqctl $verb --" "${options[@]}"
	done
	ok "zsh: words of a choice" zsh_has "fqctl token --role " admin client worker
	ok "zsh: a file" zsh_has "fqctl submit " reads.fastq
	ok "zsh: nodes" zsh_has "fqctl drain -h other:7 " node1 node2
	ok "zsh: asked where the line says" grep -qx 'nodes -h other:7 --no-header --timeout 1s' "$work/bin/asked"
	ok "zsh: what a verb can do" zsh_has "fqctl slurm " keep start status stop
	zsh_not() { zsh_lists "$1"; [ -s "$work/zsh" ] && ! grep -qx -e "$2" "$work/zsh"; }
	ok "zsh: and nothing of that again" zsh_not "fqctl slurm start " keep
	ok "zsh: what stands behind it" zsh_has "fqctl cache rm " 17 18
	ok "zsh: hosts" zsh_has "fqctl nodes -h " coord
else
	skip "zsh with zpty is not installed"
fi
echo "1..$count"
exit $((failed > 0))
