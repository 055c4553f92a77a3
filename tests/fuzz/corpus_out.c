/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of inputs for fuzz targets: see corpus_out.h. */
#include "tests/fuzz/corpus_out.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/wire/message.h"

static const char *folder;

void corpus_must(bool fact, const char *what)
{
	if (fact)
		return;
	(void)fprintf(stderr, "make_frames_corpus: %s: %s\n", what, strerror(errno));
	exit(73);
}

void corpus_begin(const char *name)
{
	folder = name;
}

FILE *corpus_create(const char *target, const char *name, int first)
{
	char path[4096];
	FILE *out;

	(void)snprintf(path, sizeof path, "%s/%s", folder, target);
	corpus_must(mkdir(path, 0777) == 0 || errno == EEXIST, path);
	(void)snprintf(path, sizeof path, "%s/%s/%s", folder, target, name);
	out = fopen(path, "we");
	corpus_must(out != NULL, path);
	if (first >= 0)
		fputc(first, out);
	return out;
}

void corpus_close(FILE *out)
{
	corpus_must(fclose(out) == 0, "close");
}

void corpus_put_raw(FILE *out, uint16_t type, uint16_t tag, const void *payload, size_t n)
{
	uint32_t length = htonl((uint32_t)n);
	uint16_t halves[2] = {htons(type), htons(tag)};

	corpus_must(fwrite(&length, 4, 1, out) == 1 && fwrite(halves, 4, 1, out) == 1 && (n == 0 || fwrite(payload, n, 1, out) == 1),
	            "write");
}

void corpus_put(FILE *out, uint16_t type, uint16_t tag, const void *message)
{
	uint8_t payload[PAYLOAD_MAX];
	size_t n = 0;

	corpus_must(message_encode(type, message, payload, sizeof payload, &n) == 0, "encode");
	corpus_put_raw(out, type, tag, payload, n);
}
