/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqctl: submits FASTQ jobs to a coordinator, looks at them, fetches results; or counts on this machine. */
#include "ctl/verb.h"

int main(int argc, char **argv)
{
	return ctl_main(argc, argv);
}
