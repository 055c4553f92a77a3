/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts of the supervisor without a coordinator: opening beneath roots, generations, what is held, what children may say. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/worker/generation.h"
#include "daemon/worker/held.h"
#include "daemon/worker/ipc.h"
#include "daemon/worker/open.h"
#include "lib/base/cleanup.h"
#include "tests/unit/tap.h"

static char folder[] = "/tmp/fqcluster-test-XXXXXX";

static char *in(char out[160], const char *name)
{
	(void)snprintf(out, 160, "%s/%s", folder, name);
	return out;
}
#define IN(name) in((char[160]){0}, (name))

static void make(const char *name)
{
	_cleanup_(fclosep) FILE *f = fopen(IN(name), "we");

	if (!f)
		exit(1);
}

/* ---- opening ---- */

static int try_open(const char *root, const char *path, struct error *err)
{
	char *items[] = {(char *)root};
	const struct conf_list roots = {.items = items, .n = 1};
	_cleanup_(closep) int fd = -1;

	return open_beneath(&roots, path, &fd, err);
}

static void test_open(void)
{
	struct error err = {0};
	char *both[] = {IN("data"), (char *)"/"};
	const struct conf_list roots = {.items = both, .n = 2};
	int fd = -1;

	(void)mkdir(IN("data"), 0700);
	(void)mkdir(IN("data/sub"), 0700);
	(void)mkdir(IN("database"), 0700);
	make("data/a.fq");
	make("data/sub/b.fq");
	make("database/c.fq");
	make("outside.fq");
	if (symlink("a.fq", IN("data/link")) < 0 || symlink("sub", IN("data/folder")) < 0 ||
	    symlink("data", IN("root")) < 0 || mkfifo(IN("data/fifo"), 0600) < 0)
		exit(1);

	is_int(try_open(IN("data"), IN("data/a.fq"), &err), 0, "a file beneath the root");
	is_int(try_open(IN("data/"), IN("data//sub/b.fq"), &err), 0,
	       "deeper, with slashes to spare");
	is_int(try_open(IN("root"), IN("root/a.fq"), &err), 0, "the root itself may be a link");
	is_int(try_open(IN("data"), IN("data/link"), &err), -ELOOP, "a link: %s", err.text);
	is_int(try_open(IN("data"), IN("data/folder/b.fq"), &err), -ELOOP,
	       "a linked folder on the way");
	is_int(try_open(IN("data"), IN("data/../outside.fq"), &err), -EXDEV, "out by ..: %s",
	       err.text);
	is_int(try_open(IN("data"), IN("database/c.fq"), &err), -EACCES,
	       "a folder whose name only begins so: %s", err.text);
	is_int(try_open(IN("data"), "a.fq", &err), -EACCES, "a relative path");
	is_int(try_open(IN("data"), IN("data"), &err), -EACCES, "the root itself");
	is_int(try_open(IN("data"), IN("data/sub"), &err), -EISDIR, "a folder: %s", err.text);
	is_int(try_open(IN("data"), IN("data/fifo"), &err), -EINVAL,
	       "a FIFO does not make it wait: %s", err.text);
	is_int(try_open(IN("data"), IN("data/none"), &err), -ENOENT, "not there: %s", err.text);
	is_int(try_open("/", "/proc/self/exe", &err), -ELOOP, "a magic link");
	is_int(open_beneath(&roots, IN("outside.fq"), &fd, &err), 0, "the second of two roots");
	closep(&fd);
}

/* ---- generations ---- */

static void test_generation(void)
{
	const uint8_t a[COORDINATOR_ID_SIZE] = "a", b[COORDINATOR_ID_SIZE] = "b",
		      pin[PIN_SIZE] = "p", other[PIN_SIZE] = "q";
	const char *path = IN("state/generation");
	struct error err = {0};
	uint64_t seen = 99;

	ok(generation_of_key(path, pin, &seen, &err) == 0 && seen == 0, "no file: nothing seen");
	is_int(generation_check(path, a, 5, pin, &err), 0, "the first");
	is_int(generation_check(path, a, 5, pin, &err), 0, "the same again");
	is_int(generation_check(path, a, 4, pin, &err), -ESTALE, "a lower one: %s", err.text);
	is_int(generation_check(path, b, 1, other, &err), 0, "another coordinator has its own");
	is_int(generation_check(path, a, 9, pin, &err), 0, "a higher one");
	ok(generation_of_key(path, pin, &seen, &err) == 0 && seen == 9, "is what HELLO says");
	ok(generation_of_key(path, other, &seen, &err) == 0 && seen == 1, "and the other's");
	is_int(generation_check(path, a, 8, pin, &err), -ESTALE, "and is kept");
	ok(truncate(path, 20) == 0, "a file that is cut");
	is_int(generation_check(path, a, 10, pin, &err), -EINVAL, "a damaged file: %s", err.text);
}

/* ---- what is held ---- */

static struct held_slice *add(struct held *held, uint64_t lease)
{
	const struct slice_task slice = {.kind = FILE_PLAIN, .end = 10};
	fq_Task *task = calloc(1, sizeof *task);
	struct held_slice *added;

	task->ref = (fq_SliceRef){.job = 1, .lease = lease};
	added = held_add(held, task, &slice, &PRIOR_UNKNOWN, NULL);
	free(task);
	return added;
}

static void test_held(void)
{
	const fq_SliceRef of_b = {.job = 1, .lease = 2}, unknown = {.job = 1, .lease = 9};
	struct slot *slot = (struct slot *)&of_b; /* only compared */
	struct held held = {0};
	struct held_slice *a = add(&held, 1), *b = add(&held, 2), *c = add(&held, 3);
	const fq_Result result = {0};
	fq_SliceRef refs[2];

	ok(held.waiting == 3 && held_first(&held, HELD_WAITING) == a, "three wait, in their order");
	held_begin(&held, b, slot, -1, 100);
	ok(held.waiting == 2 && held.running == 1 && held_of_slot(&held, slot) == b,
	   "one runs in its slot");
	ok(held_find(&held, &of_b) == b && !held_find(&held, &unknown), "found by its lease");
	held_finish(&held, b, &result, malloc(10), 10);
	ok(held.running == 0 && held.counted == 1 && held.bytes == 10 &&
	       held_first(&held, HELD_COUNTED) == b,
	   "it has a result");
	b->sent = true;
	ok(!held_first(&held, HELD_COUNTED), "which was sent");
	held_unsend(&held);
	ok(held_first(&held, HELD_COUNTED) == b, "but not over the next connection");
	ok(held_list(&held, refs, 2) == 2 && refs[0].lease == 1 && refs[1].lease == 3,
	   "HELLO tells first what is not counted");
	held_remove(&held, c);
	ok(held.waiting == 1 && held.last == b, "the last one leaves");
	ok(add(&held, 4) == held.last && held.waiting == 2, "and another comes behind");
	ok(!held_full(&held), "there is room");
	held.bytes += HELD_BYTES_MAX;
	ok(held_full(&held), "until too many bytes are not acknowledged");
	held.bytes -= HELD_BYTES_MAX;
	held_clear(&held);
	ok(!held.first && !held.last &&
	       held.waiting + held.running + held.counted + held.bytes == 0,
	   "all is forgotten");
}

/* ---- what a child may say ---- */

static int check(struct child_report report, bool has_task)
{
	const struct slice_task slice = {.kind = FILE_PLAIN, .file_size = 100, .end = 100};
	struct error err = {0};

	return ipc_check_report(&report, has_task ? &slice : NULL, &err);
}

static void test_reports(void)
{
	const struct child_report good = {
	    .magic = CHILD_MAGIC,
	    .kind = REPORT_COUNTED,
	    .outcome = SLICE_END,
	    .seam = {.next = {.block = 100}, .records = 3},
	    .blob_n = 20,
	};
	struct child_report bad = good;

	is_int(check(good, true), 0, "a right report");
	is_int(check(good, false), -EBADMSG, "without a task");
	bad.magic++;
	is_int(check(bad, true), -EBADMSG, "of no report at all");
	bad = good;
	bad.kind = 77;
	is_int(check(bad, true), -EBADMSG, "of unknown kind");
	bad = good;
	bad.outcome = SLICE_BATCH;
	is_int(check(bad, true), -EBADMSG, "of no outcome");
	bad = good;
	bad.blob_n = 0;
	is_int(check(bad, true), -EBADMSG, "an end without counters");
	bad.blob_n = CHILD_BLOB_MAX + 1;
	is_int(check(bad, true), -EBADMSG, "too many counters");
	bad = good;
	bad.seam.next.block = 101;
	is_int(check(bad, true), -EBADMSG, "a seam behind the file");
	bad = good;
	bad.outcome = SLICE_FAULT;
	is_int(check(bad, true), -EBADMSG, "a fault with counters");
	bad.blob_n = 0;
	is_int(check(bad, true), -EBADMSG, "a fault of no kind");
	bad.fault.kind = FAULT_NO_AT;
	is_int(check(bad, true), 0, "a right fault");
	bad = (struct child_report){.magic = CHILD_MAGIC, .kind = REPORT_PROGRESS, .blob_n = 1};
	is_int(check(bad, true), -EBADMSG, "progress with counters");
	bad = (struct child_report){.magic = CHILD_MAGIC, .kind = REPORT_READY};
	is_int(check(bad, true), -EBADMSG, "ready with a task");
	is_int(check(bad, false), 0, "ready");
	bad =
	    (struct child_report){.magic = CHILD_MAGIC, .kind = REPORT_FAILED, .error_number = -5};
	is_int(check(bad, true), -EBADMSG, "a failure of no error number");
	bad.error_number = ENOMEM;
	is_int(check(bad, true), 0, "a right failure");
}

int main(void)
{
	char command[64];

	if (!mkdtemp(folder))
		return skip_all("no temporary folder");
	test_open();
	test_generation();
	test_held();
	test_reports();
	(void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
	ok(system(command) == 0, "the temporary folder is removed");
	return done_testing();
}
