/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bytes of the file itself: see input.h. */
#include "lib/fastq/input.h"

#include <assert.h>
#include <errno.h>
#include <unistd.h>

enum input_outcome input_read(struct input *input, uint8_t *to, size_t room, size_t *ret_n,
                              struct slice_fault *ret_fault)
{
	ssize_t n;

	assert(input->at <= input->size && room > 0);
	if (input->at == input->size)
		return INPUT_END;
	if (room > input->size - input->at)
		room = (size_t)(input->size - input->at);
	do
		n = pread(input->fd, to, room, (off_t)input->at);
	while (n < 0 && errno == EINTR);
	if (n <= 0) {
		*ret_fault = (struct slice_fault){
		    .kind = n < 0 ? FAULT_READ : FAULT_CHANGED,
		    .at = {.block = input->at},
		    .value = input->at,
		    .error_number = n < 0 ? errno : 0,
		};
		return INPUT_FAULT;
	}
	input->at += (uint64_t)n;
	*ret_n = (size_t)n;
	return INPUT_DATA;
}
