/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inputs for the fuzz targets uplink (what a coordinator says to a worker), ipc (what a child says to its supervisor), handshake
 * (first bytes of TLS, and of others), proof and trust.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/convert.h"
#include "daemon/worker/ipc.h"
#include "lib/base/cleanup.h"
#include "lib/qc/counters.h"
#include "lib/qc/rules.h"
#include "lib/wire/connection.h"
#include "lib/wire/trust.h"
#include "tests/fuzz/corpus_out.h"
#include "tests/fuzz/session_file.h"

/* ---- uplink */

static void put_welcome(FILE *out)
{
	fq_Welcome welcome = {.proto = PROTO_VERSION, .coordinator = {9}, .generation = 1, .ping_ms = 1000, .dead_ms = 5000,
	                      .role = fq_Role_ROLE_WORKER, .version = "0", .drop_count = 1};

	welcome.drop[0] = (fq_SliceRef){.job = 7, .slice = 7};
	corpus_put(out, fq_Type_WELCOME, 0, &welcome);
}

static void put_brief(FILE *out, uint32_t number)
{
	fq_Brief brief = {.job = 2, .number = number};
	struct packer packer = {0};
	struct count_rules rules;

	rules_default(&rules, COMPAT_0_12_1);
	rules_pack(&rules, &packer);
	corpus_must(!packer.oom && digest_sha256(packer.bytes, packer.n, NULL, 0, brief.blob_sha256) == 0, "rules");
	brief.blob_bytes = packer.n;
	corpus_put(out, fq_Type_BRIEF, 0, &brief);
	corpus_put_raw(out, fq_Type_DATA, 0, packer.bytes, packer.n);
	free(packer.bytes);
}

static fq_Task task_of(uint64_t job, uint64_t slice, uint32_t brief)
{
	fq_Task task = {.has_ref = true, .ref = {.job = job, .slice = slice, .lease = 5}, .path = SESSION_PATH, .has_fingerprint = true,
	                .end = SESSION_SLICE, .modules = brief ? COUNT_REPORT : COUNT_MEAN, .algorithm = COUNTERS_ALGORITHM,
	                .brief = brief};
	struct file_facts facts;

	session_file_facts(&facts);
	fingerprint_to_message(&facts.fingerprint, &task.fingerprint);
	task.kind = facts.kind;
	return task;
}

static void coordinator_works(void)
{
	FILE *out = corpus_create("uplink", "works", 0);
	fq_Open open = {.job = 2, .path = SESSION_PATH, .proof_wanted = true, .size = 10};
	fq_Look look = {.number = 1};
	fq_Task task = task_of(2, 0, 0);
	fq_Ref ref = {.has_ref = true, .ref = {.job = 1}};

	open.proof.size = open.proof_key.size = 32;
	put_welcome(out);
	corpus_put(out, fq_Type_PING, 3, NULL);
	corpus_put(out, fq_Type_OPEN, 0, &open);
	corpus_put(out, fq_Type_LOOK, 0, &look);
	(void)snprintf(look.path, sizeof look.path, "%s", SESSION_PATH);
	for (int i = 0; i < 3; i++)
		corpus_put(out, fq_Type_LOOK, 0, &look);
	put_brief(out, 1);
	corpus_put(out, fq_Type_TASK, 0, &task);
	task = task_of(2, 1, 1);
	corpus_put(out, fq_Type_TASK, 0, &task);
	corpus_put(out, fq_Type_DROP, 0, &ref);
	ref.ref = task.ref;
	corpus_put(out, fq_Type_RESULT_ACK, 0, &ref);
	corpus_put(out, fq_Type_DRAIN, 0, NULL);
	corpus_put(out, fq_Type_RESUME, 0, NULL);
	corpus_close(out);
}

static void coordinator_is_odd(void)
{
	FILE *out = corpus_create("uplink", "many", 0);
	fq_Error error = {.class = ERROR_DENIED, .text = "\x1b[2Jno\n"};
	fq_Task task;

	put_welcome(out);
	for (uint64_t slice = 0; slice < 30; slice++) {
		task = task_of(3, slice, 0);
		corpus_put(out, fq_Type_TASK, 0, &task);
	}
	corpus_close(out);
	out = corpus_create("uplink", "error", 0);
	corpus_put(out, fq_Type_ERROR, 0, &error);
	corpus_close(out);
	out = corpus_create("uplink", "brief-twice", 0);
	put_welcome(out);
	put_brief(out, 1);
	put_brief(out, 1);
	put_brief(out, 2);
	corpus_close(out);
}

/* ---- ipc */

static void put_report(FILE *out, const struct child_report *report, size_t blob_n)
{
	corpus_must(fwrite(report, sizeof *report, 1, out) == 1, "write");
	for (size_t i = 0; i < blob_n; i++)
		fputc('x', out);
}

static void child_reports(void)
{
	FILE *out = corpus_create("ipc", "reports", 255);
	struct child_report report = {.magic = CHILD_MAGIC, .kind = REPORT_READY};

	put_report(out, &report, 0);
	report.kind = REPORT_PROGRESS;
	report.bytes = 500;
	put_report(out, &report, 0);
	report = (struct child_report){.magic = CHILD_MAGIC, .kind = REPORT_COUNTED, .outcome = SLICE_END, .blob_n = 300};
	report.seam.next.block = 1000;
	report.seam.records = 10;
	put_report(out, &report, 300);
	report = (struct child_report){.magic = CHILD_MAGIC, .kind = REPORT_COUNTED, .outcome = SLICE_FAULT, .fault.kind = FAULT_NO_AT};
	put_report(out, &report, 0);
	report = (struct child_report){.magic = CHILD_MAGIC, .kind = REPORT_FAILED, .error_number = ENOMEM, .text = "no memory"};
	put_report(out, &report, 0);
	report.kind = 77;
	put_report(out, &report, 0);
	corpus_close(out);
	out = corpus_create("ipc", "huge", 3);
	report = (struct child_report){.magic = CHILD_MAGIC, .kind = REPORT_READY};
	put_report(out, &report, 0);
	report = (struct child_report){.magic = CHILD_MAGIC, .kind = REPORT_COUNTED, .outcome = SLICE_END, .blob_n = CHILD_BLOB_MAX};
	report.seam.next.block = 1000;
	put_report(out, &report, 1000);
	corpus_close(out);
}

/* ---- handshake */

static struct tls *make_tls(uint8_t ret_pin[PIN_SIZE])
{
	char folder[] = "/tmp/fqfuzz.XXXXXX", path[64];
	struct key *key = NULL;
	struct tls *tls = NULL;
	struct error err;

	corpus_must(mkdtemp(folder) != NULL, "a folder");
	(void)snprintf(path, sizeof path, "%s/key.pem", folder);
	corpus_must(key_load_or_make(path, &key, NULL, &err) == 0 && tls_new(key, &tls, &err) == 0, "a key");
	key_pin(key, ret_pin);
	(void)unlink(path);
	(void)rmdir(folder);
	key_free(key);
	return tls;
}

/* Both sides in turn, by hand: what each says first. */
static void first_flights(void)
{
	uint8_t pin[PIN_SIZE], bytes[16384];
	struct tls *tls = make_tls(pin);
	struct connection *client = NULL, *server = NULL;
	int a[2], b[2];
	ssize_t n;
	FILE *out;

	corpus_must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, a) == 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, b) == 0 &&
	                connection_new_client(tls, a[1], pin, &client, NULL) == 0 && connection_new_server(tls, b[1], &server, NULL) == 0 &&
	                connection_run(client, NULL) >= 0,
	            "connections");
	n = recv(a[0], bytes, sizeof bytes, 0);
	corpus_must(n > 0, "a client's hello");
	out = corpus_create("handshake", "client", 0);
	corpus_must(fwrite(bytes, (size_t)n, 1, out) == 1, "write");
	corpus_close(out);
	corpus_must(send(b[0], bytes, (size_t)n, 0) == n && connection_run(server, NULL) >= 0, "a server");
	n = recv(b[0], bytes, sizeof bytes, 0);
	corpus_must(n > 0, "a server's flight");
	out = corpus_create("handshake", "server", 1);
	corpus_must(fwrite(bytes, (size_t)n, 1, out) == 1, "write");
	corpus_close(out);
	connection_free(client);
	connection_free(server);
	closep(&a[0]);
	closep(&b[0]);
	tls_free(tls);
}

static void put_text(const char *target, const char *name, int first, const char *text)
{
	FILE *out = corpus_create(target, name, first);

	corpus_must(fputs(text, out) >= 0, "write");
	corpus_close(out);
}

static void put_token(void)
{
	const uint8_t pin[PIN_SIZE] = {1, 2, 3};
	char token[TOKEN_TEXT_MAX];

	token_format(pin, "000102030405060708090a0b0c0d0e0f10111213", token);
	put_text("trust", "token-right", -1, token);
	token[10] = 'x';
	put_text("trust", "token-wrong", -1, token);
}

void corpus_of_workers(void)
{
	coordinator_works();
	coordinator_is_odd();
	child_reports();
	first_flights();
	put_text("handshake", "http", 0, "GET / HTTP/1.1\r\n\r\n");
	put_text("handshake", "ssl2", 0, "\x80\x2e\x01\x03\x01ssl");
	put_text("proof", "small", '\0', "\1\1\1\1\1\1\1\1some bytes of a file");
	put_token();
}
