/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all writers of results share: see print.h. */
#include "lib/qc/print.h"

#include <errno.h>
#include <locale.h>
#include <string.h>

int print_numbers(FILE *out, int (*print)(FILE *out, const void *data), const void *data, const char *what, struct error *err)
{
	locale_t numbers = newlocale(LC_ALL_MASK, "C", (locale_t)0), before;
	int r;

	if (!numbers)
		return error_oom(err);
	before = uselocale(numbers);
	errno = 0;
	r = print(out, data);
	if (r >= 0 && (fflush(out) != 0 || ferror(out)))
		r = errno > 0 ? -errno : -EIO;
	(void)uselocale(before);
	freelocale(numbers);
	if (r == -ENOMEM)
		return error_oom(err);
	if (r < 0)
		return error_set(err, r, ERROR_CANT_CREATE, "cannot write %s: %s", what, strerror(-r));
	return 0;
}
