/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts of the supervisor without a coordinator: opening beneath roots, generations, what is held, what children may say. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/worker/generation.h"
#include "daemon/worker/held.h"
#include "daemon/worker/ipc.h"
#include "daemon/worker/open.h"
#include "daemon/worker/texts.h"
#include "lib/base/cleanup.h"
#include "lib/fastq/symbol.h"
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
	is_int(try_open("/", "/dev/null", &err), -EINVAL, "a device: %s", err.text);
	is_int(open_beneath(&roots, IN("outside.fq"), &fd, &err), 0, "the second of two roots");
	closep(&fd);
}

static void test_roots(void)
{
	struct error err = {0};

	if (symlink("../outside.fq", IN("data/sub/out")) < 0 || symlink("../a.fq", IN("data/sub/up")) < 0 ||
	    symlink(IN("data/a.fq"), IN("data/absolute")) < 0)
		exit(1);
	is_int(try_open(IN("site=") , IN("site/a.fq"), &err), -EACCES, "an equals sign without a slash is part of the name");
	is_int(try_open(strcat(IN("data"), ":links"), IN("data/link"), &err), 0, "a root with links: one to a file beneath it");
	is_int(try_open(strcat(IN("data"), ":links"), IN("data/folder/b.fq"), &err), 0, "a linked folder");
	is_int(try_open(strcat(IN("data"), ":links"), IN("data/sub/up"), &err), 0, "one that goes up and stays beneath");
	is_int(try_open(strcat(IN("data/sub"), ":links"), IN("data/sub/up"), &err), -EXDEV, "one that leaves: %s", err.text);
	is_int(try_open(strcat(IN("data"), ":links"), IN("data/absolute"), &err), -EXDEV, "an absolute one");
	is_int(try_open("/:links", "/proc/self/exe", &err), -ELOOP, "a magic one: %s", err.text);
	is_int(try_open(strcat(strcat((char[400]){"/site/of data="}, IN("data")), "/"), "/site/of data/sub/b.fq", &err), 0,
	       "a root that lies elsewhere here");
	is_int(try_open(strcat((char[400]){"/site="}, IN("data")), "/site/../outside.fq", &err), -EXDEV, "and is left by .. no more: %s",
	       err.text);
	is_int(try_open(strcat((char[400]){"/site="}, IN("data")), IN("data/a.fq"), &err), -EACCES, "its own name is unknown: %s",
	       err.text);
	is_int(try_open("/site=/nowhere/here", "/site/a.fq", &err), -ENOENT, "a folder that is not there: %s", err.text);
}

/* One name is by turns a folder beneath the root and a link out of it. */
static void test_race(void)
{
	_cleanup_(closep) int first = open(IN("data/sub/b.fq"), O_RDONLY | O_CLOEXEC);
	struct stat own, got;
	struct error err = {0};
	char *items[] = {IN("data")};
	const struct conf_list roots = {.items = items, .n = 1};
	int opened = 0, refused = 0, wrong = 0, status;
	pid_t pid;

	(void)mkdir(IN("elsewhere"), 0700);
	make("elsewhere/b.fq");
	if (fstat(first, &own) < 0 || symlink("../elsewhere", IN("data/turn")) < 0)
		exit(1);
	pid = fork();
	if (pid < 0 || (pid == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0))
		exit(1);
	while (pid == 0)
		if (renameat2(AT_FDCWD, IN("data/turn"), AT_FDCWD, IN("data/sub"), RENAME_EXCHANGE) < 0)
			_exit(1);
	for (int i = 0; i < 20000 && wrong == 0; i++) {
		_cleanup_(closep) int fd = -1;
		int r = open_beneath(&roots, IN("data/sub/b.fq"), &fd, &err);

		if (r == 0) {
			opened++;
			wrong += fstat(fd, &got) < 0 || got.st_ino != own.st_ino;
		} else {
			refused += r == -ELOOP || r == -EXDEV || r == -EAGAIN;
			wrong += r != -ELOOP && r != -EXDEV && r != -EAGAIN;
		}
	}
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, &status, 0);
	ok(wrong == 0, "a folder that turns into a link out of the root: opened %d times, refused %d times, never wrongly: %s", opened,
	   refused, err.text);
}

/* ---- generations ---- */

static int check_start(const char *path, const char *id, uint64_t number, const uint8_t pin[PIN_SIZE], struct error *err)
{
	struct generation now = {.number = number};

	memcpy(now.id, id, strlen(id));
	return generation_check(path, &now, pin, err);
}

static bool last_is(const char *path, const uint8_t pin[PIN_SIZE], const char *id, uint64_t number)
{
	struct generation seen = {.number = 99};
	struct error err = {0};

	return generation_of_key(path, pin, &seen, &err) == 0 && seen.number == number && memcmp(seen.id, id, strlen(id)) == 0;
}

static void test_generation(void)
{
	const uint8_t pin[PIN_SIZE] = "p", other[PIN_SIZE] = "q";
	const char *path = IN("state/generation");
	struct generation seen;
	struct error err = {0};

	is_int(generation_of_key(path, pin, &seen, &err), 1, "no file: nothing seen");
	is_int(check_start(path, "a", 5, pin, &err), 0, "the first");
	is_int(check_start(path, "a", 5, pin, &err), 0, "the same again");
	is_int(check_start(path, "a", 4, pin, &err), -ESTALE, "a lower one: %s", err.text);
	is_int(check_start(path, "b", 1, other, &err), 0, "another coordinator has its own");
	is_int(check_start(path, "a", 9, pin, &err), 0, "a higher one");
	ok(last_is(path, pin, "a", 9), "is what HELLO says");
	ok(last_is(path, other, "b", 1), "and the other's");
	is_int(check_start(path, "a", 8, pin, &err), -ESTALE, "and is kept");
	is_int(check_start(path, "c", 2, pin, &err), 0, "another state under the same key begins anew");
	ok(last_is(path, pin, "c", 2), "and is what HELLO says from then on");
	is_int(check_start(path, "a", 8, pin, &err), -ESTALE, "the former one is known as ever");
	is_int(check_start(path, "c", 1, pin, &err), -ESTALE, "and the new one, too");
	ok(truncate(path, 20) == 0, "a file that is cut");
	is_int(check_start(path, "a", 10, pin, &err), -EINVAL, "a damaged file: %s", err.text);
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

/* To the state in which it is counted. */
static void run(struct held *held, struct held_slice *slice, struct slot *slot)
{
	const struct fingerprint opened = {.size = 10};

	held_opening(held, slice, 70 + slice->task.ref.lease);
	held_open(held, slice, -1, &opened);
	held_begin(held, slice, slot, 100);
}

static void test_held(void)
{
	const fq_SliceRef of_b = {.job = 1, .lease = 2}, unknown = {.job = 1, .lease = 9};
	const struct held_end crash = {.type = fq_Type_CRASHED, .crashed = {.signal = 11}};
	struct slot *slot = (struct slot *)&of_b; /* only compared */
	struct held held = {0};
	struct held_slice *a = add(&held, 1), *b = add(&held, 2), *c = add(&held, 3);
	const fq_Result result = {.bases = 4};
	fq_SliceRef refs[2];

	ok(held_waiting(&held) == 3 && held_first(&held, HELD_WAITING) == a, "three wait, in their order");
	held_opening(&held, a, 71);
	ok(held_of_request(&held, 71) == a && !held_of_request(&held, 72) && held_first(&held, HELD_WAITING) == b,
	   "one is being opened");
	run(&held, b, slot);
	ok(held_waiting(&held) == 2 && held_running(&held) == 1 && held_of_slot(&held, slot) == b, "one runs in its slot");
	ok(held_find(&held, &of_b) == b && !held_find(&held, &unknown), "found by its lease");
	held_check(&held, b, 80, &result, malloc(10), 10);
	ok(held_running(&held) == 1 && !held_of_slot(&held, slot) && held_of_request(&held, 80) == b && held.bytes == 10,
	   "it is counted, and its file looked at again");
	held_checked(&held, b);
	ok(held_running(&held) == 0 && held.n[HELD_DONE] == 1 && held.bytes == 10 && held_first(&held, HELD_DONE) == b &&
	       b->end.type == fq_Type_RESULT && b->end.result.bases == 4,
	   "it has a result");
	b->sent = true;
	ok(!held_first(&held, HELD_DONE), "which was sent");
	held_unsend(&held);
	ok(held_first(&held, HELD_DONE) == b, "but not over the next connection");
	ok(held_list(&held, refs, 2) == 2 && refs[0].lease == 1 && refs[1].lease == 3,
	   "HELLO tells first what is not counted");
	run(&held, c, slot);
	held_check(&held, c, 81, &result, malloc(20), 20);
	held_wait(&held, c);
	ok(held.bytes == 10 && c->state == HELD_WAITING && held_waiting(&held) == 2, "one is begun once more, its counters forgotten");
	run(&held, c, slot);
	held_check(&held, c, 82, &result, malloc(20), 20);
	held_finish(&held, c, &crash);
	ok(held.bytes == 10 && c->blob_n == 0 && held.n[HELD_DONE] == 2 && c->end.type == fq_Type_CRASHED && c->end.crashed.signal == 11,
	   "another end takes the place of a result");
	held_remove(&held, c);
	ok(held_waiting(&held) == 1 && held.last == b, "the last one leaves");
	ok(add(&held, 4) == held.last && held_waiting(&held) == 2, "and another comes behind");
	ok(!held_full(&held), "there is room");
	held.bytes += HELD_BYTES_MAX;
	ok(held_full(&held), "until too many bytes are not acknowledged");
	held.bytes -= HELD_BYTES_MAX;
	held_clear(&held);
	ok(!held.first && !held.last && held_waiting(&held) + held_running(&held) + held.n[HELD_DONE] + held.bytes == 0,
	   "all is forgotten");
}

/* ---- which child has which text ---- */

static void test_texts(void)
{
	/* They are down: nobody is told anything. */
	struct slot slots[2] = {{.process = {.pid = 70, .fd = -1}}, {.process = {.pid = 71, .fd = -1}}};
	const fq_SliceRef a = {.job = 1, .file = 2, .slice = 3, .lease = 4}, b = {.job = 1, .file = 2, .slice = 4, .lease = 5};
	const fq_SliceRef again = {.job = 1, .file = 2, .slice = 3, .lease = 9}, other = {.job = 1, .file = 1, .slice = 3, .lease = 4};
	struct texts texts = {0};

	texts_keep(&texts, &a, &slots[0]);
	texts_keep(&texts, &b, &slots[0]);
	ok(texts_slot(&texts, &again) == &slots[0] && !texts_slot(&texts, &other), "a text is found by job, file and slice");
	texts_keep(&texts, &again, &slots[1]);
	ok(texts_slot(&texts, &a) == &slots[1] && texts_of(&texts, &slots[0]) == 1 && texts_of(&texts, &slots[1]) == 1,
	   "the last one who inflated it has it");
	slots[1].process.pid = 72;
	ok(!texts_slot(&texts, &a) && texts_of(&texts, &slots[1]) == 0, "a child that was started anew has none");
	texts_drop(&texts, &b);
	texts_drop(&texts, &b);
	ok(!texts_slot(&texts, &b) && texts.n == 1, "one that was dropped is gone");
	for (uint64_t i = 0; i < TEXTS_MAX + 10; i++) {
		const fq_SliceRef ref = {.job = 7, .slice = i};

		texts_keep(&texts, &ref, &slots[0]);
	}
	ok(texts.n == TEXTS_MAX && !texts_slot(&texts, &(fq_SliceRef){.job = 7}) && texts_slot(&texts, &(fq_SliceRef){.job = 7, .slice = 10}),
	   "of too many the oldest ones go");
	texts_clear(&texts, slots, 2);
	ok(texts.n == 0, "all are forgotten");
	texts_deinit(&texts);
}

/* ---- what a child may say ---- */

static int check(struct child_report report, bool has_task)
{
	const struct child_task task = {.kind = TASK_COUNT, .slice = {.kind = FILE_PLAIN, .file_size = 100, .end = 100}};
	struct error err = {0};

	return ipc_check_report(&report, has_task ? &task : NULL, &err);
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

/* ---- of one gzip stream */

static int check_gzip(const struct child_report *report, uint64_t text_max, bool point)
{
	const struct child_task task = {.slice = {.kind = FILE_GZIP, .file_size = 1000, .begin = 100, .end = 500},
	                                .kind = text_max > 0 ? TASK_SCOUT : TASK_COUNT,
	                                .has_point = point};
	struct error err = {0};

	return ipc_check_report(report, &task, &err);
}

static void test_scout_reports(void)
{
	struct split_report split = {.first_bit = 900, .next_bit = 4100, .text = 5000, .reach = 7};
	struct child_report good = {.magic = CHILD_MAGIC, .kind = REPORT_INFLATED, .outcome = SPLIT_DONE, .blob_n = 20};
	struct child_report bad;

	split_report_put(&split, good.split);
	is_int(check_gzip(&good, 10000, false), 0, "a right report of a scout");
	is_int(check_gzip(&good, 0, true), -EBADMSG, "of a slice that should be counted");
	bad = good;
	bad.blob_n = 0;
	is_int(check_gzip(&bad, 10000, false), -EBADMSG, "no symbols");
	bad.blob_n = (256u << 10) + 1;
	is_int(check_gzip(&bad, 10000, false), -EBADMSG, "too many symbols");
	bad = good;
	bad.split[2] = 2;
	is_int(check_gzip(&bad, 10000, false), -EBADMSG, "a report whose flags are none");
	bad = good;
	bad.split[1] = 8008;
	is_int(check_gzip(&bad, 10000, false), -EBADMSG, "an end behind the file");
	bad = good;
	bad.outcome = SPLIT_MORE;
	is_int(check_gzip(&bad, 10000, false), -EBADMSG, "no outcome");
	bad = good;
	bad.outcome = SPLIT_LARGE;
	is_int(check_gzip(&bad, 10000, false), -EBADMSG, "symbols of what is too large");
	bad.blob_n = 0;
	is_int(check_gzip(&bad, 10000, false), 0, "it has none");
	bad.outcome = SPLIT_FAULT;
	is_int(check_gzip(&bad, 10000, false), -EBADMSG, "a fault of no kind");
	bad.fault = (struct slice_fault){.kind = FAULT_READ, .error_number = 5};
	is_int(check_gzip(&bad, 10000, false), 0, "a right fault");
}

static void test_window_reports(void)
{
	struct split_report split = {.first_bit = 900, .next_bit = 4100, .text = 5000, .counted = true};
	struct child_report good = {.magic = CHILD_MAGIC, .kind = REPORT_COUNTED, .outcome = SLICE_END, .seam = {.next = {.block = 100}}};
	struct child_report bad;

	good.blob_n = 50;
	good.window_n = 20;
	split_report_put(&split, good.split);
	is_int(check_gzip(&good, 0, true), 0, "a right report of a slice of gzip");
	is_int(check_gzip(&good, 0, false), -EBADMSG, "a window without a point");
	is_int(check_gzip(&good, 10000, false), -EBADMSG, "counters of a scout");
	bad = good;
	bad.window_n = 0;
	is_int(check_gzip(&bad, 0, true), -EBADMSG, "no window");
	bad.window_n = 50;
	is_int(check_gzip(&bad, 0, true), -EBADMSG, "no counters before the window");
	bad.window_n = bad.blob_n = WINDOW_PACKED_MAX + 1;
	bad.blob_n += 10;
	is_int(check_gzip(&bad, 0, true), -EBADMSG, "a window that is too large");
	split.next_header = split.head_ends = true;
	split.next_bit = 4104;
	split_report_put(&split, bad.split);
	bad.window_n = 20;
	is_int(check_gzip(&bad, 0, true), -EBADMSG, "a window before a header");
	bad.window_n = 0;
	is_int(check_gzip(&bad, 0, true), 0, "none is needed there");
}

int main(void)
{
	char command[64];

	if (!mkdtemp(folder))
		return skip_all("no temporary folder");
	test_open();
	test_roots();
	test_race();
	test_generation();
	test_held();
	test_texts();
	test_reports();
	test_scout_reports();
	test_window_reports();
	(void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
	ok(system(command) == 0, "the temporary folder is removed");
	return done_testing();
}
