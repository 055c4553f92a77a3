#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What fqctl says of itself: every verb in --help and in the man page, every verb's own --help with every option of its tables
# (as tests/unit/ctl/options prints them), and the answers to wrong words. Each check must fail on a planted copy.
top_src=${FQ_TOP_SRCDIR:-.} ctl=${FQ_TOP_BUILDDIR:-.}/ctl/fqctl man=${FQ_TOP_SRCDIR:-.}/ctl/fqctl.1
options=${FQ_TOP_BUILDDIR:-.}/tests/unit/ctl/options
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
tests=0 failed=0

ok() {
	local name=$1
	shift
	tests=$((tests + 1))
	if "$@"; then echo "ok $tests - $name"; else
		echo "not ok $tests - $name"
		failed=$((failed + 1))
	fi
}

exits() { # exits STATUS COMMAND...
	local want=$1
	shift
	"$@" >/dev/null 2>&1
	[ $? -eq "$want" ]
}

# Every verb has its entry in a man page.
in_man() { # in_man FILE VERB...
	local file=$1 verb
	shift
	for verb in "$@"; do grep -Eq "^\.(B|BR|BI) $verb( |\$)" "$file" || return 1; done
}

# Every option of the verb stands in the help text: with its letter, unless a later table of the verb took that, and with its
# sentence, which begins with a capital letter and ends in a full stop.
in_help() { # in_help VERB HELP_TEXT OPTIONS
	awk -F'\t' -v verb="$1" '
		FNR == NR && $1 == verb { n++; name[n] = $2; letter[n] = $3; last[$3] = n; sentence[n] = $4 }
		FNR == NR { next }
		{ line = $0; sub(/^ +/, "", line); text = text " " line; lines[++m] = $0 }
		END {
			for (i = 1; i <= n; i++) {
				want = letter[i] != "--" && last[letter[i]] == i ? "  " letter[i] ", " name[i] : "      " name[i]
				found = 0
				for (k = 1; k <= m; k++)
					if (index(lines[k], want) == 1 && substr(lines[k] " ", length(want) + 1, 1) == " ") found++
				if (found != 1) { print "# " verb ": " found " lines begin with \"" want "\""; bad = 1 }
				if (index(text, sentence[i]) == 0) { print "# " verb ": no sentence of " name[i]; bad = 1 }
				if (sentence[i] !~ /^[A-Z].*\.$/) { print "# " verb ": " name[i] " has no whole sentence"; bad = 1 }
			}
			exit n < 10 || bad
		}' "$3" "$2"
}
# Its examples are lines of the man page's, which tests/cluster/15-examples.t runs.
has_examples() { # has_examples HELP_TEXT MAN
	local line lines
	mapfile -t lines < <(sed -n '/^Examples:$/,$s/^  //p' "$1")
	[ ${#lines[@]} -gt 0 ] || return 1
	for line in "${lines[@]}"; do
		awk '/^\.\\" example: / { within = 1; next } /^\.fi/ { within = 0 } within' "$2" | sed 's/\\-/-/g; s/\\e/\\/g' | grep -qxF -- "$line" || {
			echo "# no example of the man page: $line"
			return 1
		}
	done
}
refuses() { # refuses COMMAND...: whatever it says is expected
	! "$@" >/dev/null
}

mapfile -t verbs < <("$ctl" --help | awk '/^Verbs:/ { in_verbs = 1; next } in_verbs && NF == 0 { exit } in_verbs { print $1 }')
ok "--help lists verbs" test ${#verbs[@]} -ge 14
"$options" >"$work/options"
is_table=$(cut -f1 "$work/options" | uniq | tr '\n' ' ')
ok "all verbs of the table, in its order" test "$is_table" = "${verbs[*]} "
ok "--help exits 0" exits 0 "$ctl" --help
for verb in "${verbs[@]}"; do
	[ -f "$top_src/ctl/verb_$verb.c" ] || [ "$verb" = resume ] || ok "$verb has its file" false
	ok "$verb --help exits 0" exits 0 "$ctl" "$verb" --help
	ok "$verb -? too" exits 0 "$ctl" "$verb" '-?'
	"$ctl" "$verb" --help >"$work/$verb.help"
	ok "$verb says how it is used" grep -q "^Usage: fqctl $verb " "$work/$verb.help"
	ok "$verb --help has its options" in_help "$verb" "$work/$verb.help" "$work/options"
	ok "$verb --help has examples that are the man page's" has_examples "$work/$verb.help" "$man"
	ok "$verb has a sentence that ends in a full stop" grep -Eq "^  $verb +[A-Z].*\.\$" <("$ctl" --help)
done
grep -v -e '--wait' "$work/submit.help" >"$work/planted"
ok "a help without an option is found" refuses in_help submit "$work/planted" "$work/options"
sed 's/^  -o, --outdir/      --outdir/; s/^      --output /  -o, --output /' "$work/qc.help" >"$work/planted"
ok "a letter at another option is found" refuses in_help qc "$work/planted" "$work/options"
sed '/^ping\t--quiet/s/\.$//' "$work/options" >"$work/planted"
ok "a sentence without a full stop is found" refuses in_help ping "$work/ping.help" "$work/planted"

sed 's/node1$/node2/' "$work/drain.help" >"$work/planted"
ok "an example that the man page has not is found" refuses has_examples "$work/planted" "$man"
sed '/^Examples:$/,$d' "$work/drain.help" >"$work/planted"
ok "a help without one is found" refuses has_examples "$work/planted" "$man"

ok "the man page has every verb" in_man "$man" "${verbs[@]}"
found=0
for verb in "${verbs[@]}"; do
	grep -Ev "^\.(B|BR|BI) $verb( |\$)" "$man" >"$work/planted"
	in_man "$work/planted" "${verbs[@]}" || found=$((found + 1))
done
ok "each of ${#verbs[@]} man pages without one is found" test $found -eq ${#verbs[@]}

# FastQC's command line: every option that it has is taken, or refused with a sentence of its own; -h is the host.
cd "$work" || exit 1
ctl=$(realpath "$ctl" 2>/dev/null || echo "$ctl")
printf '@r\nACGT\n+\nIIII\n' >r.fq
printf 'A\tACGTACGT\n' >list.txt
printf 'tile\tignore\t1\ngc_sequence\tignore\t1\nkmer\tignore\t1\n' >limits.txt
mkdir out
qc() { env -u FQ_HOST -u FQ_SOCKET "$ctl" qc --local "$@" r.fq; }
ok "FastQC's letters" exits 0 qc -o out -t 2 -f fastq -c list.txt -a list.txt -l limits.txt -k 7 -q -d "$work"
ok "and long names" exits 0 qc --outdir out --threads 1 --format fastq --contaminants list.txt --adapters list.txt --limits limits.txt \
	--kmers 7 --quiet --dir "$work" --noextract --nogroup --min_length 4 --dup_length 3 --svg --memory 512
ok "--extract --delete --expgroup" exits 0 qc --outdir out --extract --delete --expgroup
for option in "-f bam" "-f sam_mapped" --casava --nano --nofilter "--nogroup --expgroup" "--extract --noextract" --delete -h "-k 11" \
	"-k 1" "--dup_length 1001" "--as pdf" "--compat 0.11.8" "--java 18" "--java /usr/bin/java" "--base 2" --json "-o out --output x" \
	"--profile none" "--fail-on pass" "--as csv,text" "--as csv --phred 40"; do
	# shellcheck disable=SC2086
	ok "$option: 64" exits 64 qc $option
done
ok "a folder that is not there: 73" exits 73 qc -o nowhere
ok "a list that is not there: 66" exits 66 qc -a nowhere -o out
ok "a list that is none: 78" exits 78 qc -c r.fq -o out
is_said() { qc "$1" "$2" 2>&1 | grep -qF -- "$3"; } # is_said OPTION VALUE WORDS
ok "standard input, as FastQC calls it, is refused with what is right" is_said --quiet stdin:x.fq "right is the name of a file"
ok "so is the dash of others" is_said --quiet - "right is the name of a file"
ok "a long option behind one dash, which FastQC takes" is_said -outdir . "-outdir has one dash: right is --outdir"
ok "what is wrong with -f is said" is_said -f bam "-f bam is not supported yet: right is fastq"
ok "and with a folder that is not there" is_said -o nowhere "cannot write into nowhere"
ok "nothing was written but by those that were right" test "$(find . -name '*_fastqc*' -prune | sort | tr '\n' ' ')" = \
	"./out/r_fastqc ./out/r_fastqc.html "
cd - >/dev/null || exit 1

# At 80 columns nothing is cut.
narrow() { [ -z "$("$@" --help | awk 'length > 80')" ]; }
ok "--help fits 80 columns" narrow "$ctl"
for verb in "${verbs[@]}"; do ok "$verb --help fits 80 columns" narrow "$ctl" "$verb"; done
for daemon in fqcoordd fqworkerd; do ok "$daemon --help fits 80 columns" narrow "${FQ_TOP_BUILDDIR:-.}/daemon/$daemon"; done
wide() { printf '%081d\n' 0; }
ok "a line that does not is found" refuses narrow wide
explains() { "$@" --help | tr '\n' ' ' | grep -q 'DURATION or TIME is a number of seconds'; }
ok "--help says what a DURATION is" explains "$ctl" token

# Mistakes are answered with what was meant.
says() { # says WORDS COMMAND...
	local words=$1
	shift
	"$@" 2>&1 >/dev/null </dev/null | grep -qF -- "$words"
}
ok "no verb: all are told" says "say what to do: submit, qc, watch, status" "$ctl"
ok "a verb that is nearly one" says "there is no verb 'sumbit'; did you mean submit?" "$ctl" sumbit x
ok "the beginning of one" says "did you mean status?" "$ctl" stat
ok "far from all: nothing is guessed" refuses says "did you mean" "$ctl" frobnicate
ok "help is no verb" says "help is 'fqctl --help', and 'fqctl VERB --help'" "$ctl" help
ok "an option that is nearly one" says "there is no option --ouput; did you mean --output?" "$ctl" submit --ouput x
ok "a job is no word, whoever is asked" says "'abc' is no job" "$ctl" show -h nowhere.invalid abc
ok "-h without a value" says "-h needs a HOST" "$ctl" submit -h
ok "a folder in place of a file" says "is a directory, not a file" "$ctl" qc --local /
ok "nobody there" says "nobody listens there: does fqcoordd run, and on this port?" "$ctl" ping -h 127.0.0.1:1

ok "no verb: 64" exits 64 "$ctl"
ok "unknown verb: 64" exits 64 "$ctl" frobnicate
ok "unknown option: 64" exits 64 "$ctl" nodes --frobnicate
ok "missing argument: 64" exits 64 "$ctl" cancel
ok "one argument too many: 64" exits 64 "$ctl" nodes surplus
ok "a job that is no number: 64" exits 64 "$ctl" wait --socket /nowhere x1
ok "JSON where there is none: 64" exits 64 "$ctl" ping --json --socket /nowhere
ok "--version: 0" exits 0 "$ctl" --version
ok "no socket there: 69" exits 69 "$ctl" nodes --socket /nowhere/ctl.sock
echo "1..$tests"
exit $((failed > 0))
