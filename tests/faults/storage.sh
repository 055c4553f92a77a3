# SPDX-License-Identifier: GPL-3.0-or-later
# Storage that fails under workers, by shim_file.c. Sourced behind faults.sh by the tests that need it.
#
#   storage_make N            workers 1 to N on hosts of their own get shims; before worker_start
#   storage I [FILE RULE]...  from now on this is what the storage of worker I does; a file of $data: "plain.fq" "slot.read errno 5";
#                             without rules it is in good health

shim=$top_build/tests/faults/shim_file.so

storage_make() {
	local i
	for ((i = 1; i <= $1; i++)); do
		head -c 4096 /dev/zero | tr '\0' '\n' >"$work/storage$i"
		worker_on "$i" "w$i" env "LD_PRELOAD=$shim" "FQ_SHIM_FILE=$work/storage$i" \
			"ASAN_OPTIONS=verify_asan_link_order=0:${ASAN_OPTIONS:-}"
	done
}

storage() {
	local i=$1 text='' inode
	shift
	while [ $# -ge 2 ]; do
		inode=$(stat -c %i "$data/$1")
		text+="$inode $2"$'\n'
		shift 2
	done
	# In place: it is mapped.
	{ printf '%s' "$text"; head -c $((4096 - ${#text})) /dev/zero | tr '\0' '\n'; } |
		dd of="$work/storage$i" bs=4096 iflag=fullblock conv=notrunc status=none
}
