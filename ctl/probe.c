/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asking whether nodes can open a file: see probe.h. */
#include "ctl/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/aside.h"
#include "ctl/proofs.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/fastq/fingerprint.h"
#include "lib/fastq/kind.h"

/* ---- the file here */

struct look {
	int r;
	char path[PATH_MAX]; /* empty: it cannot be told */
	struct fingerprint fingerprint;
	struct error error, content;
};

/* Whether a node would refuse what it is, however well it opens. */
static void look_into(int fd, struct look *look)
{
	struct file_facts facts;
	int r = file_facts_take(fd, &facts, &look->content);

	if (r == 0)
		r = kind_check_void(look->path, look->fingerprint.size, &look->content);
	if (r == -EBADMSG)
		error_prefix(&look->content, "%s ", TEXT(look->path));
	else
		look->content = (struct error){0};
}

static void look_at(const void *in, void *out)
{
	_cleanup_(closep) int fd = -1;
	struct look *look = out;

	look->r = proof_path(in, false, look->path, &look->error);
	if (look->r < 0) {
		look->path[0] = '\0';
		return;
	}
	fd = open(look->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0) {
		look->r = error_set(&look->error, -errno, error_class_of_errno(errno), "%s cannot be opened: %s", TEXT(look->path),
		                    strerror(errno));
		return;
	}
	look->r = fingerprint_take(fd, &look->fingerprint, &look->error);
	if (look->r < 0)
		error_prefix(&look->error, "%s ", TEXT(look->path));
	else
		look_into(fd, look);
}

int probe_file_look(const char *name, uint64_t limit_ms, struct probe_file *ret, struct error *err)
{
	_cleanup_(freep) struct look *look = calloc(1, sizeof *look);
	int r;

	if (!look)
		return error_oom(err);
	r = aside(look_at, name, look, sizeof *look, limit_ms);
	if (r < 0) {
		look->r = r;
		(void)snprintf(look->path, sizeof look->path, "%s", name);
		(void)error_set(&look->error, r, ERROR_IO, "%s cannot be looked at: %s", TEXT(name),
		                r == -ETIMEDOUT ? "its storage does not answer here" : strerror(-r));
	}
	if (look->path[0] != '/') {
		*err = look->error;
		return look->r;
	}
	*ret = (struct probe_file){
	    .path = strdup(look->path), .here = look->r == 0, .size = look->fingerprint.size, .why = look->r, .error = look->error,
	    .content = look->content};
	memcpy(ret->ends, look->fingerprint.ends, sizeof ret->ends);
	return ret->path ? 0 : error_oom(err);
}

void probe_file_deinit(struct probe_file *file)
{
	free(file->path);
	*file = (struct probe_file){0};
}

/* ---- asking */

void probe_answers_deinit(struct probe_answers *answers)
{
	free(answers->rows);
	*answers = (struct probe_answers){0};
}

const char *probe_answer_name(fq_ProbeAnswer answer)
{
	static const char *const names[] = {"yes", "no", "other", "silent", "down", "old", "busy"};

	return answer < sizeof names / sizeof *names ? names[answer] : "?";
}

static int add(void *data, uint16_t type, const void *message, struct error *err)
{
	struct probe_answers *answers = data;
	fq_Probed *rows;

	if (type != fq_Type_PROBED)
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator answered %s to PROBE", message_name(type));
	rows = reallocarray(answers->rows, answers->n + 1, sizeof *rows);
	if (!rows)
		return error_oom(err);
	answers->rows = rows;
	rows[answers->n++] = *(const fq_Probed *)message;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const fq_Probed *)a)->node, ((const fq_Probed *)b)->node);
}

/* What was opened without a proof is held against what is here. */
static void compare(const struct probe_file *file, fq_Probed *row)
{
	if (!file->here || row->answer != fq_ProbeAnswer_PROBE_OPENED || row->ends.size != sizeof file->ends ||
	    (row->size == file->size && memcmp(row->ends.bytes, file->ends, sizeof file->ends) == 0))
		return;
	row->answer = fq_ProbeAnswer_PROBE_OTHER;
	(void)snprintf(row->text, sizeof row->text, "there are %llu bytes and here %llu, or others", (unsigned long long)row->size,
	               (unsigned long long)file->size);
}

/* The proof, where the coordinator has given a nonce for it and the file can be read. */
static int prove(struct client *client, const struct probe_file *file, fq_Probe *probe, struct error *err)
{
	struct proof_file *proofs = NULL;
	int r;

	if (client->welcome.nonce.size == 0 || !file->here)
		return 0;
	r = proofs_make(client, probe->uuid.bytes, (char *const[]){file->path}, 1, &proofs, err);
	if (r < 0)
		return r;
	if (proofs[0].error.text[0]) {
		*err = proofs[0].error;
		r = -EIO;
	} else {
		probe->size = proofs[0].size;
		probe->proof.size = sizeof probe->proof.bytes;
		memcpy(probe->proof.bytes, proofs[0].proof, sizeof probe->proof.bytes);
	}
	proofs_free(proofs, 1);
	return r;
}

static int question(struct client *client, const char *node, const struct probe_file *file, fq_Probe *ret, struct error *err)
{
	int r;

	if (node)
		(void)snprintf(ret->node, sizeof ret->node, "%s", node);
	if (!file)
		return 0;
	if (strlen(file->path) >= sizeof ret->path)
		return error_set(err, -ENAMETOOLONG, ERROR_NO_INPUT, "the path %s is too long", TEXT(file->path));
	(void)snprintf(ret->path, sizeof ret->path, "%s", file->path);
	ret->uuid.size = sizeof ret->uuid.bytes;
	r = digest_random(ret->uuid.bytes, sizeof ret->uuid.bytes);
	return r < 0 ? error_set(err, r, ERROR_OS, "no random bytes: %s", strerror(-r)) : prove(client, file, ret, err);
}

int probe_ask(struct client *client, const char *node, const struct probe_file *file, struct probe_answers *ret, struct error *err)
{
	_cleanup_(freep) fq_Probe *probe = calloc(1, sizeof *probe);
	int r;

	*ret = (struct probe_answers){0};
	if (client->welcome.proto < PROTO_PROBES)
		return error_set(err, -EPROTO, ERROR_PROTOCOL,
		                 "the coordinator (version %s) is older than this program and cannot ask its nodes",
		                 TEXT(client->welcome.version));
	r = probe ? question(client, node, file, probe, err) : error_oom(err);
	if (r == 0)
		r = client_list(client, fq_Type_PROBE, probe, add, ret, err);
	if (r < 0) {
		probe_answers_deinit(ret);
		return r;
	}
	if (ret->n > 0)
		qsort(ret->rows, ret->n, sizeof *ret->rows, by_name);
	for (size_t i = 0; file && i < ret->n; i++)
		compare(file, &ret->rows[i]);
	return 0;
}
