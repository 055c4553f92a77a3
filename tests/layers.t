#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Who includes whom: reads the includes of lib, conf, daemon and ctl and fails on an edge between layers, or on a header of a
# third-party library, that the tables below do not allow. Then plants wrong includes in a copy, which must be found.
set -u
top=${FQ_TOP_SRCDIR:-$(cd "$(dirname "$0")/.." && pwd)}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# Layer: the layers that it may include, besides itself.
layers='
lib/base
lib/wire       lib/base
lib/fastq      lib/base
lib/qc         lib/base lib/fastq
conf           lib/base
daemon         lib/base lib/wire lib/fastq lib/qc
daemon/coord   lib/base lib/wire lib/fastq lib/qc conf daemon
daemon/worker  lib/base lib/wire lib/fastq lib/qc conf daemon
ctl            lib/base lib/wire lib/fastq lib/qc conf
'

# Header of a library (a regular expression): the files that may include it (another).
libraries='
openssl/.*               lib/wire/(tls|key)[^/]*|lib/base/digest.c
pb(_common|_decode|_encode)?\.h  lib/wire/[^/]*
sqlite3\.h               daemon/coord/store[^/]*
systemd/sd-(daemon|event)\.h  daemon/.*
systemd/sd-journal\.h     daemon/journal\.c
microhttpd\.h            daemon/coord/http\.c
seccomp\.h               daemon/worker/cage[^/]*
libconfig\.h             conf/[^/]*
zlib\.h                  lib/fastq/(inflate|crc|packed)[^/]*
libdeflate\.h            lib/fastq/(inflate|crc)[^/]*
isa-l\.h                 lib/fastq/(inflate|crc|packed)[^/]*
isa-l/.*                 lib/fastq/(inflate|crc|packed)[^/]*
zip\.h                    lib/qc/archive[^/]*
pthread\.h               (ctl/(local/|output_run|proofs)|daemon/coord/(labour|errand)|lib/base/failpoint|lib/fastq/ahead)[^/]*
'

# What comes with the C library, the kernel and the compiler.
libc='(sys|linux|net|netinet|arpa|bits)/.*|[a-z0-9]*intrin\.h|(alloca|assert|byteswap|ctype|dirent|elf|endian|err|errno|fcntl'
libc+='|fenv|float|fnmatch|ftw|getopt|glob|grp|iconv|inttypes|langinfo|libgen|limits|locale|malloc|math|netdb|poll|pwd|regex|sched'
libc+='|search|setjmp|signal|spawn|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|string|strings'
libc+='|syslog|sysexits|termios|time|unistd|utime|wchar|wctype|cpuid)\.h'

# wrong_includes TREE: a line for each include that is not allowed, in words.
wrong_includes() {
	(cd "$1" && find lib conf daemon ctl -name '*.[ch]' -exec grep -HE '^[[:space:]]*#[[:space:]]*include' {} +) |
		awk -v layers="$layers" -v libraries="$libraries" -v libc="$libc" -v tree="$1" "$judge"
}

judge='
function layer_of(path,   folder) {
	for (folder = path; sub("/[^/]*$", "", folder);)
		if (folder in allowed)
			return folder
	return ""
}
function exists(path,   line, r) {
	r = (getline line < path)
	close(path)
	return r >= 0
}
function judge_ours(file, header,   from, to) {
	from = layer_of(file)
	to = layer_of(header)
	if (to == "" || (header !~ /\.pb\.h$/ && !exists(tree "/" header)))
		print file " includes \"" header "\", which is no path from the root of the tree"
	else if (from != to && index(allowed[from], " " to " ") == 0)
		print file " includes \"" header "\", but " from " may not include " to
}
function judge_foreign(file, header,   i) {
	if (header ~ "^(" libc ")$")
		return
	for (i in library)
		if (header ~ "^(" library[i] ")$") {
			if (file !~ "^(" files[i] ")$")
				print file " includes <" header ">, which belongs into " files[i]
			return
		}
	print file " includes <" header ">, which has no row in tests/layers.t"
}
BEGIN {
	n = split(layers, row, "\n")
	for (i = 1; i <= n; i++)
		if (split(row[i], word) > 0) {
			allowed[word[1]] = " " row[i] " "
			gsub(/ +/, " ", allowed[word[1]])
		}
	n = split(libraries, row, "\n")
	for (i = 1; i <= n; i++)
		if (split(row[i], word) == 2) {
			library[i] = word[1]
			files[i] = word[2]
		}
}
{
	file = $0
	sub(/:.*/, "", file)
	header = $0
	if (sub(/^[^"<]*"/, "", header)) {
		sub(/".*/, "", header)
		judge_ours(file, header)
	} else if (sub(/^[^<]*</, "", header)) {
		sub(/>.*/, "", header)
		judge_foreign(file, header)
	} else
		print file " has an include that nobody can read: " header
}'

count=0 failed=0
report() { # report STATUS TEXT
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then echo "ok $count - $2"; else
		echo "not ok $count - $2"
		failed=$((failed + 1))
	fi
}

# finds FILE INCLUDE WORDS: such a line planted in a copy of the tree leads to a complaint with these words.
finds() {
	mkdir -p "$work/tree/$(dirname "$1")"
	printf '#include %s\n' "$2" >"$work/tree/$1"
	wrong_includes "$work/tree" | grep -F "$1 includes $2" | grep -qF "$3"
	report $? "found when planted: $1 includes $2"
	rm -f "$work/tree/$1"
}

number=$(cd "$top" && find lib conf daemon ctl -name '*.[ch]' | wc -l)
[ "$number" -gt 0 ]
report $? "sources are there: $number"
wrong_includes "$top" >"$work/wrong"
sed 's/^/# /' "$work/wrong"
[ ! -s "$work/wrong" ]
report $? "every include is allowed"

mkdir "$work/tree"
(cd "$top" && tar -cf - lib conf daemon ctl) | (cd "$work/tree" && tar -xf -)
chmod -R u+w "$work/tree"
for folder in daemon daemon/worker daemon/coord lib/qc; do : >"$work/tree/$folder/plant.h"; done
finds daemon/coord/x.c '"daemon/worker/plant.h"' 'daemon/coord may not include daemon/worker'
finds daemon/worker/x.c '"daemon/coord/plant.h"' 'daemon/worker may not include daemon/coord'
finds daemon/x.c '"daemon/coord/plant.h"' 'daemon may not include daemon/coord'
finds ctl/x.c '"daemon/plant.h"' 'ctl may not include daemon'
finds lib/qc/x.c '"daemon/plant.h"' 'lib/qc may not include daemon'
finds lib/base/x.h '"lib/qc/plant.h"' 'lib/base may not include lib/qc'
finds lib/fastq/x.c '"lib/qc/plant.h"' 'lib/fastq may not include lib/qc'
finds conf/x.c '"lib/wire/fqcluster.pb.h"' 'conf may not include lib/wire'
finds lib/base/x.c '"error.h"' 'no path from the root'
finds lib/base/x.c '"lib/base/nowhere.h"' 'no path from the root'
finds ctl/x.c '<openssl/ssl.h>' 'belongs into'
finds daemon/worker/x.c '<sqlite3.h>' 'belongs into'
finds lib/wire/x.c '<systemd/sd-event.h>' 'belongs into'
finds daemon/coord/x.c '<systemd/sd-journal.h>' 'belongs into daemon/journal'
finds daemon/coord/x.c '<pb_decode.h>' 'belongs into'
finds lib/base/x.c '<curl/curl.h>' 'has no row'
echo "1..$count"
exit $((failed > 0))
