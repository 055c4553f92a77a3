/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An opener's loop: see opener.h.
 *
 *     FACTS    open -> proof of reading, where one is wanted -> fingerprint, kind
 *     SLICE    open -> fingerprint = the planned one? -> descriptor
 *     CHECK    the descriptor's fingerprint = the one that it had?
 *
 * A stale handle of a network file system is opened once more; then it is an error like others.
 */
#include "daemon/worker/opener.h"

#include <errno.h>
#include <string.h>

#include "conf/option.h"
#include "daemon/worker/cage.h"
#include "daemon/worker/ipc.h"
#include "daemon/worker/open.h"
#include "daemon/worker/opener_ipc.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

/* ---- proof of reading ---- */

/* One sentence, whatever was not as it should be: who cannot read a file learns nothing about it. */
static int unproven(const struct open_request *request, struct open_answer *answer)
{
	answer->unproven = true;
	return error_set(&answer->error, -EPERM, ERROR_DENIED, "%s is not, on this node, what the submitter has read",
	                 TEXT(request->path));
}

/* Before anything is said about the content. 0, or negative with a sentence. */
static int check_proof(int fd, const struct open_request *request, struct open_answer *answer)
{
	const struct file_proof *proof = &request->proof;
	uint8_t own[PROOF_SIZE];
	struct fingerprint now;
	int r;

	r = fingerprint_take(fd, &now, &answer->error);
	if (r == 0 && now.size != proof->size) {
		(void)snprintf(answer->reason, sizeof answer->reason, "the submitter saw %llu bytes, and here are %llu",
		               (unsigned long long)proof->size, (unsigned long long)now.size);
		return unproven(request, answer);
	}
	if (r == 0)
		r = proof_compute(fd, proof->size, proof->key, own, &answer->error);
	if (r < 0) {
		error_prefix(&answer->error, "%s ", TEXT(request->path));
		return r;
	}
	if (memcmp(own, proof->proof, sizeof own) == 0)
		return 0;
	(void)snprintf(answer->reason, sizeof answer->reason, "the submitter's proof is of other bytes than are here");
	return unproven(request, answer);
}

/* ---- the kinds ---- */

static int take_facts(int fd, const struct open_request *request, struct open_answer *answer)
{
	int r = request->proof.wanted ? check_proof(fd, request, answer) : 0;

	if (r < 0)
		return r;
	r = file_facts_take(fd, &answer->facts, &answer->error);
	if (r == 0)
		r = kind_check_void(request->path, answer->facts.fingerprint.size, &answer->error);
	if (r < 0)
		error_prefix(&answer->error, "%s ", TEXT(request->path));
	return r;
}

/* 0, OPEN_CHANGED, or negative with a sentence. */
static int compare(int fd, const struct open_request *request, struct open_answer *answer)
{
	int r = fingerprint_take(fd, &answer->facts.fingerprint, &answer->error);

	if (r < 0) {
		error_prefix(&answer->error, "%s ", TEXT(request->path));
		return r;
	}
	return fingerprint_untouched(&request->planned, &answer->facts.fingerprint) ? 0 : OPEN_CHANGED;
}

static int open_and_look(const struct conf_list *roots, const struct open_request *request, struct open_answer *answer, int *ret_fd)
{
	_cleanup_(closep) int fd = -1;
	int r;

	r = open_beneath(roots, request->path, &fd, &answer->error);
	if (r == 0)
		r = request->kind == OPEN_FACTS ? take_facts(fd, request, answer) : compare(fd, request, answer);
	if (r == 0 && request->kind == OPEN_SLICE)
		*ret_fd = take_fd(&fd);
	return r;
}

static void serve(const struct conf_list *roots, const struct open_request *request, int file, struct open_answer *answer, int *ret_fd)
{
	if (request->kind == OPEN_ROOT)
		answer->r = open_look_root(roots, request->path, &answer->error);
	else if (request->kind == OPEN_CHECK)
		answer->r = compare(file, request, answer);
	else
		answer->r = open_and_look(roots, request, answer, ret_fd);
	if (answer->r == -ESTALE && (request->kind == OPEN_FACTS || request->kind == OPEN_SLICE))
		answer->r = open_and_look(roots, request, answer, ret_fd);
}

/* ---- the process ---- */

/* A descriptor that the kernel does not take along is an answer, too. */
static int send_answer(struct open_answer *answer, const struct open_request *request, int file)
{
	int r = opener_send(CHILD_FD, answer, sizeof *answer, file);

	if (r != -ETOOMANYREFS || file < 0)
		return r;
	answer->r = error_set(&answer->error, r, ERROR_OS,
	                      "%s is open, but cannot be handed over: processes of this user have more descriptors on their way to each other "
	                      "than the limit of open files (LimitNOFILE=, ulimit -n)",
	                      TEXT(request->path));
	return opener_send(CHILD_FD, answer, sizeof *answer, -1);
}

static int serve_all(const struct conf_list *roots)
{
	int r = 0;

	while (r == 0) {
		_cleanup_(closep) int file = -1, opened = -1;
		struct open_request request;
		struct open_answer answer = {.magic = OPENER_MAGIC};

		r = opener_receive(CHILD_FD, &request, sizeof request, &file);
		if (r == 0)
			r = opener_check_request(&request, file);
		if (r != 0)
			break;
		answer.number = request.number;
		serve(roots, &request, file, &answer, &opened);
		r = send_answer(&answer, &request, opened);
	}
	return r;
}

/* Libraries that read their configuration when they are first used do so before the door is locked. */
static int warm_up(struct error *err)
{
	uint8_t digest[DIGEST_SIZE];
	int r = digest_sha256("", 0, NULL, 0, digest);

	if (r == 0)
		r = digest_hmac("key", 3, "", 0, "", 0, digest);
	return r < 0 ? error_set(err, r, ERROR_OS, "no digest: %s", strerror(-r)) : 0;
}

int opener_main(int roots_n, char **roots)
{
	const struct conf_list list = {.items = roots, .n = (size_t)roots_n};
	struct error err = {0};
	int r;

	r = cage_enter(CAGE_OPENER, OPENER_NAME, &err);
	if (r == 0)
		r = warm_up(&err);
	if (r == 0)
		r = cage_lock(CAGE_OPENER, &err);
	if (r < 0) {
		log_error("%s", err.text);
		return (int)err.class;
	}
	r = serve_all(&list);
	return r == 1 || r == -EPIPE || r == -ECONNRESET ? 0 : ERROR_SOFTWARE;
}
