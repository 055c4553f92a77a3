/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The coordinator's store: what was committed is there again, what was not is not, and what cannot be trusted is refused. */
#include "daemon/coord/store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "tests/unit/daemon/store_made.h"
#include "tests/unit/tap.h"

static struct job_row job_made(uint64_t id, enum job_state state)
{
	static const uint8_t rules[] = {1, 0, 'r'}, limits[] = "# own\nmin_q30 warn 80\n";
	struct job_row row = {
	    .id = id,
	    .rules = state == JOB_RUNNING ? rules : NULL,
	    .rules_n = state == JOB_RUNNING ? sizeof rules : 0,
	    .limits = state == JOB_RUNNING ? limits : NULL,
	    .limits_n = state == JOB_RUNNING ? sizeof limits - 1 : 0,
	    .owner = "alice@desk",
	    .name = "runs/\xc3\xa4 'x'\".fq",
	    .modules = 3,
	    .algorithm = 1,
	    .lenient = true,
	    .slice_size = UINT64_MAX - 1,
	    .files = 2,
	    .state = state,
	    .submitted_ms = 1700000000000,
	    .started_ms = state > JOB_PENDING ? 1700000000100 : 0,
	    .ended_ms = state > JOB_RUNNING ? 1700000000200 : 0,
	};

	(void)snprintf(row.profile, sizeof row.profile, "%s", state == JOB_RUNNING ? "./own" : "");
	memset(row.uuid, (int)id, sizeof row.uuid);
	if (state == JOB_FAILED)
		(void)error_set(&row.error, -EIO, ERROR_IO, "it broke at byte 12");
	return row;
}

static struct file_row file_made(uint64_t job, uint32_t file, const char *path, bool planned)
{
	struct file_row row = {
	    .job = job,
	    .file = file,
	    .path = path,
	    .state = planned ? JOB_RUNNING : JOB_PENDING,
	    .planned = planned,
	};

	if (!planned)
		return row;
	row.facts.kind = FILE_BGZF;
	row.facts.bgzf_unended = true;
	row.facts.fingerprint.size = 300;
	row.facts.fingerprint.mtime_ns = UINT64_MAX;
	row.facts.fingerprint.inode = 1ULL << 63;
	memset(row.facts.fingerprint.ends, 0xa5, sizeof row.facts.fingerprint.ends);
	row.slice_size = 100;
	row.redone = 4;
	row.again = 3;
	row.again_done = 2;
	return row;
}

static struct slice_row slice_made(uint64_t job, uint32_t file, uint64_t slice)
{
	struct slice_row row = {
	    .job = job,
	    .file = file,
	    .slice = slice,
	    .start_known = true,
	    .seam = {.first = {slice * 100, 7}, .next = {slice * 100 + 100, 7}, .records = 10},
	    .bases = 1510,
	};

	if (slice == 0)
		row.seam.first = (struct text_place){0, 0};
	if (slice == 2)
		row.seam.next = (struct text_place){300, 0}; /* the file's end */
	return row;
}

/* ---- what survives */

static void test_start(const char *folder)
{
	struct store *store = store_at(folder), *other = NULL;
	struct error error = {0};
	uint8_t uuid[16];
	struct stat st;

	ok(stat(folder, &st) == 0 && (st.st_mode & 0777) == 0700, "the state folder is made for its owner alone");
	is_u64(store_generation(store), 1, "the first start is generation 1");
	memcpy(uuid, store_uuid(store), sizeof uuid);
	ok(!store_dirty(store), "which is committed");
	is_int(store_open(folder, &other, &error), -EBUSY, "a second coordinator is refused");
	ok(strstr(error.text, "another coordinator uses") && strstr(error.text, folder), "with a sentence: %s", error.text);
	store_free(store);
	store = store_at(folder);
	is_u64(store_generation(store), 2, "the next start is generation 2");
	is_mem(store_uuid(store), uuid, sizeof uuid, "and the name stays");
	store_free(store);
}

static void save_all(struct store *store)
{
	struct job_row done = job_made(1, JOB_FAILED), open = job_made(2, JOB_RUNNING);
	struct file_row planned = file_made(2, 0, "/data/a.fq.gz", true), waiting = file_made(2, 1, "/data/\xff.fq", false);
	struct slice_row slices[] = {slice_made(2, 0, 0), slice_made(2, 0, 2)};
	struct error error;
	int r = store_save_job(store, &done, &error);

	if (r == 0)
		r = store_save_job(store, &open, &error);
	if (r == 0)
		r = store_save_file(store, &planned, &error);
	if (r == 0)
		r = store_save_file(store, &waiting, &error);
	if (r == 0)
		r = store_save_slice(store, &slices[0], (const uint8_t *)"first", 5, &error);
	if (r == 0)
		r = store_save_slice(store, &slices[1], (const uint8_t *)"th\0rd", 5, &error);
	if (r == 0)
		r = store_save_again(store, 2, 0, 2, "ag\0in", 5, &error);
	if (r == 0)
		r = store_save_node(store, "w1", true, "disk swap", &error);
	is_int(r, 0, "jobs, files, slices and nodes are saved%s%s", r ? ": " : "", r ? error.text : "");
	ok(store_dirty(store), "and wait for the commit");
}

static void is_job(const struct job_row *got, const struct job_row *want)
{
	is_mem(got->uuid, want->uuid, sizeof want->uuid, "job %llu: uuid", (unsigned long long)want->id);
	is_str(got->owner, want->owner, "job: owner");
	is_str(got->name, want->name, "job: name");
	is_u64(got->slice_size, want->slice_size, "job: a number of 64 bits");
	ok(got->id == want->id && got->modules == want->modules && got->algorithm == want->algorithm &&
	       got->lenient == want->lenient && got->files == want->files && got->state == want->state &&
	       got->submitted_ms == want->submitted_ms && got->started_ms == want->started_ms &&
	       got->ended_ms == want->ended_ms,
	   "job: all other numbers");
	ok(got->rules_n == want->rules_n && (want->rules_n == 0 || memcmp(got->rules, want->rules, want->rules_n) == 0),
	   "job: its rules");
	is_str(got->profile, want->profile, "job: its profile");
	ok(got->limits_n == want->limits_n && (want->limits_n == 0 || memcmp(got->limits, want->limits, want->limits_n) == 0),
	   "job: the limits of that");
	ok(got->error.class == want->error.class && strcmp(got->error.text, want->error.text) == 0, "job: its error");
}

/* Ended jobs in the order in which they are walked. */
static const char *ended_from(struct store *store, uint64_t from_ms, uint64_t until_ms)
{
	static char list[128];
	struct job_row got;
	struct error error = {0};
	uint64_t cursor = 0;
	size_t n = 0;

	list[0] = '\0';
	while (n < sizeof list - 24 && store_next_ended(store, &until_ms, &cursor, from_ms, &got, &error) == 0)
		n += (size_t)snprintf(list + n, sizeof list - n, " %llu", (unsigned long long)got.id);
	if (error.text[0])
		(void)snprintf(list, sizeof list, "%.100s", error.text);
	return list;
}

/* By their ends, not by their numbers; of the same time each once. */
static void test_ended(const char *folder)
{
	static const uint64_t ends[] = {500, 300, 0, 500, 400, 500};
	struct store *store = store_at(folder);
	struct error error = {0};

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		struct job_row row = job_made(i + 1, ends[i] ? JOB_COMPLETED : JOB_PENDING);

		row.ended_ms = ends[i];
		ok(store_save_job(store, &row, &error) == 0, "job %zu%s", i + 1, error.text);
	}
	is_str(ended_from(store, 0, INT64_MAX), " 6 4 1 5 2", "those that ended last come first");
	is_str(ended_from(store, 301, 500), " 5", "within these times");
	store_free(store);
}

static void test_found(struct store *store)
{
	struct job_row want = job_made(1, JOB_FAILED), got;
	struct file_row wanted = file_made(2, 0, "/data/a.fq.gz", true), file;
	struct error error;
	uint64_t cursor = 0;
	const void *bytes;
	size_t n;

	is_int(store_find_job(store, 1, &got, &error), 0, "an ended job is found");
	is_job(&got, &want);
	want = job_made(2, JOB_RUNNING);
	is_int(store_find_uuid(store, want.uuid, &got, &error), 0, "a job is found by its uuid");
	is_job(&got, &want);
	is_int(store_find_job(store, 3, &got, &error), STORE_NONE, "one that is not there is not found");
	ok(store_next_job(store, &cursor, &got, &error) == 0 && got.id == 1 &&
	       store_next_job(store, &cursor, &got, &error) == 0 && got.id == 2 &&
	       store_next_job(store, &cursor, &got, &error) == STORE_NONE,
	   "jobs are walked in order");
	is_str(ended_from(store, 0, INT64_MAX), " 1", "only jobs that have ended are walked by their ends");
	is_str(ended_from(store, 1700000000200, INT64_MAX), " 1", "one that ended at the first of the times");
	is_str(ended_from(store, 1700000000200 + 1, INT64_MAX), "", "none that ended before");
	is_str(ended_from(store, 0, 1700000000200), "", "none that ended at the last of them or later");
	is_int(store_find_file(store, 2, 0, &file, &error), 0, "a file is found");
	is_str(file.path, "/data/a.fq.gz", "file: path");
	ok(file.planned && file.state == JOB_RUNNING && file.facts.kind == FILE_BGZF && file.facts.bgzf_unended &&
	       file.slice_size == 100 && file.redone == 4 && file.again == 3 && file.again_done == 2,
	   "file: its plan");
	ok(fingerprint_equal(&file.facts.fingerprint, &wanted.facts.fingerprint), "file: its fingerprint, to the last bit");
	is_int(store_find_file(store, 2, 1, &file, &error), 0, "the other one too");
	is_str(file.path, "/data/\xff.fq", "with a path that is no UTF-8");
	ok(store_slice_counters(store, 2, 0, 2, &bytes, &n, &error) == 0 && n == 5 && memcmp(bytes, "th\0rd", 5) == 0,
	   "counters are there, byte for byte");
	is_int(store_slice_counters(store, 2, 0, 1, &bytes, &n, &error), STORE_NONE, "those of an open slice are not");
	ok(store_again_counters(store, 2, 0, 2, &bytes, &n, &error) == 0 && n == 5 && memcmp(bytes, "ag\0in", 5) == 0,
	   "and those of a second count");
	is_int(store_again_counters(store, 2, 0, 0, &bytes, &n, &error), STORE_NONE, "where there is one");
}

static void test_loaded(struct store *store)
{
	const struct coord_limits limits = {.slices_max = 1000, .read_max = 1000};
	struct actions actions = {0};
	struct coord *coord = NULL;
	struct error error = {0};
	struct job_view job;
	struct file_view file = {0};
	struct slice_view slice;
	struct node_view node;
	uint64_t next = 0, cursor = 0;

	is_int(coord_new(&limits, &coord), 0, "a new core");
	is_int(store_load(store, coord, &next, &error), 0, "is loaded %s", error.text);
	is_u64(next, 3, "the next job is the third");
	is_int(coord_loaded(coord, 1, next, 0, &actions), 0, "and settled");
	ok(!coord_find_job(coord, 1, &job), "the ended job is not the core's");
	ok(coord_find_job(coord, 2, &job) && strcmp(job.row->owner, "alice@desk") == 0, "the unfinished one is");
	ok(coord_find_row(coord, 2) && coord_find_row(coord, 2)->rules_n == 3 && memcmp(coord_find_row(coord, 2)->rules, "\1\0r", 3) == 0,
	   "with its rules");
	ok(coord_find_file(coord, 2, 0, &file) && file.chain && file.chain->n == 3, "with the plan of its file");
	is_u64(file.chain ? file.chain->proven : 0, 1, "of which the first slice is proven");
	ok(coord_find_slice(coord, 2, 0, 1, &slice) && strcmp(slice.state, "open") == 0, "the second is open");
	ok(coord_find_slice(coord, 2, 0, 2, &slice) && strcmp(slice.state, "counted") == 0, "the third is counted");
	ok(coord_next_node(coord, &cursor, &node) && strcmp(node.name, "w1") == 0 && strcmp(node.reason, "disk swap") == 0,
	   "the drained node is known");
	coord_free(coord);
	actions_deinit(&actions);
}

static void test_again(const char *folder)
{
	struct store *store = store_at(folder);
	struct error error;

	save_all(store);
	test_found(store); /* what is read is what was saved, committed or not */
	is_int(store_commit(store, &error), 0, "the commit");
	ok(!store_dirty(store), "leaves nothing that waits");
	is_int(store_commit(store, &error), 0, "a commit of nothing is no error");
	store_free(store);
	store = store_at(folder);
	test_found(store);
	test_loaded(store);
	store_free(store);
}

/* A process that dies by SIGKILL behind, or before, its commit. */
static void die_at(const char *folder, bool commit)
{
	struct job_row row = job_made(commit ? 3 : 4, JOB_PENDING);
	pid_t child;
	int status;

	(void)fflush(stdout);
	child = fork();
	if (child == 0) {
		struct store *store = store_at(folder);
		struct error error;

		if (store_save_job(store, &row, &error) < 0 || (commit && store_commit(store, &error) < 0))
			_exit(1);
		(void)raise(SIGKILL);
	}
	ok(child > 0 && waitpid(child, &status, 0) == child && WIFSIGNALED(status), "killed %s the commit",
	   commit ? "behind" : "before");
}

static void test_killed(const char *folder)
{
	struct store *store;
	struct job_row row;
	struct error error;

	die_at(folder, true);
	die_at(folder, false);
	store = store_at(folder);
	is_int(store_find_job(store, 3, &row, &error), 0, "what was committed is there");
	is_int(store_find_job(store, 4, &row, &error), STORE_NONE, "what was not is not");
	store_free(store);
}

/* ---- ends */

static void test_result(const char *folder)
{
	struct store *store = store_at(folder);
	struct slice_row third = slice_made(2, 0, 2);
	struct error error;
	const void *bytes;
	size_t n;

	is_int(store_result(store, 2, 0, &bytes, &n, &error), STORE_NONE, "no result yet");
	is_int(store_forget_slice(store, &third, &error), 0, "one slice is forgotten");
	ok(store_slice_counters(store, 2, 0, 2, &bytes, &n, &error) == STORE_NONE &&
	       store_slice_counters(store, 2, 0, 0, &bytes, &n, &error) == 0,
	   "and no other");
	is_int(store_save_result(store, 2, 0, "sum", 3, &error), 0, "a result is saved");
	is_int(store_forget_slices(store, 2, 0, &error), 0, "its slices are forgotten");
	is_int(store_slice_counters(store, 2, 0, 0, &bytes, &n, &error), STORE_NONE, "all of them");
	is_int(store_again_counters(store, 2, 0, 2, &bytes, &n, &error), STORE_NONE, "and their second counts");
	is_int(store_commit(store, &error), 0, "in one transaction");
	ok(store_result(store, 2, 0, &bytes, &n, &error) == 0 && n == 3 && memcmp(bytes, "sum", 3) == 0, "the result is there");
	store_free(store);
}

/* While it is read, other rows are written. */
static void test_pieces(const char *folder)
{
	struct store *store = store_at(folder);
	struct error error;
	char bytes[4] = "";
	size_t n = 0;

	ok(store_result_size(store, 2, 0, &n, &error) == 0 && n == 3, "the size of a result, without it");
	is_int(store_result_size(store, 2, 1, &n, &error), STORE_NONE, "of none there is no size");
	is_int(store_result_open(store, 2, 1, &n, &error), STORE_NONE, "and nothing to be read");
	is_int(store_result_read(store, 0, bytes, 1, &error), -ESTALE, "which is not read");
	ok(store_result_open(store, 2, 0, &n, &error) == 0 && n == 3, "a result is read in pieces");
	is_int(store_result_read(store, 0, bytes, 2, &error), 0, "the first of them");
	ok(store_save_result(store, 2, 1, "other", 5, &error) == 0 && store_commit(store, &error) == 0, "another row is written");
	ok(store_result_read(store, 2, bytes + 2, 1, &error) == 0 && strcmp(bytes, "sum") == 0, "the last piece");
	is_int(store_save_result(store, 2, 0, "new sum", 7, &error), 0, "the row itself is");
	is_int(store_result_read(store, 0, bytes, 3, &error), -ESTALE, "then it has to be opened again");
	ok(store_result_open(store, 2, 0, &n, &error) == 0 && n == 7, "and is another one");
	is_int(store_roll_back(store, &error), 0, "that is taken back");
	is_int(store_result_read(store, 0, bytes, 3, &error), -ESTALE, "so it has to be opened once more");
	ok(store_result_open(store, 2, 0, &n, &error) == 0 && n == 3 && store_result_read(store, 0, bytes, 3, &error) == 0 &&
	       strcmp(bytes, "sum") == 0,
	   "and is the old one");
	store_free(store);
}

static void test_expired(const char *folder)
{
	struct store *store = store_at(folder);
	struct coord *coord = NULL;
	const struct coord_limits limits = {.slices_max = 1000};
	struct job_row last = job_made(9, JOB_COMPLETED), row;
	struct file_row file = file_made(9, 0, "/data/b.fq", true);
	uint64_t next = 0;
	struct error error;
	const void *bytes;
	size_t n;

	ok(store_save_job(store, &last, &error) == 0 && store_save_file(store, &file, &error) == 0 &&
	       store_save_result(store, 9, 0, "x", 1, &error) == 0,
	   "a job that has ended, with its result");
	is_int(store_expire(store, last.ended_ms, &error), 0, "jobs that ended before it did are removed");
	is_int(store_find_job(store, 9, &row, &error), 0, "it is not");
	is_int(store_expire(store, last.ended_ms + 1, &error), 0, "a moment later");
	ok(store_find_job(store, 9, &row, &error) == STORE_NONE && store_find_file(store, 9, 0, &file, &error) == STORE_NONE &&
	       store_result(store, 9, 0, &bytes, &n, &error) == STORE_NONE,
	   "it is, with all that belongs to it");
	ok(store_find_job(store, 2, &row, &error) == 0 && store_result(store, 2, 0, &bytes, &n, &error) == 0,
	   "what has not ended stays");
	is_int(store_commit(store, &error), 0, "committed");
	store_free(store);
	store = store_at(folder);
	(void)coord_new(&limits, &coord);
	ok(store_load(store, coord, &next, &error) == 0 && next == 10, "the number of a removed job is not given again");
	coord_free(coord);
	ok(store_save_node(store, "w1", false, "", &error) == 0 && store_commit(store, &error) == 0, "a node is resumed");
	store_free(store);
}

/* ---- what cannot be trusted */

static void test_failing_disk(const char *folder)
{
	struct rlimit limit, small;
	struct store *store = store_at(folder);
	uint8_t *big = calloc(1, 8 << 20);
	struct error error = {0};
	int r;

	(void)signal(SIGXFSZ, SIG_IGN);
	(void)getrlimit(RLIMIT_FSIZE, &limit);
	small = limit;
	small.rlim_cur = 64 << 10;
	(void)setrlimit(RLIMIT_FSIZE, &small);
	r = big ? store_save_result(store, 2, 1, big, 8 << 20, &error) : -ENOMEM;
	if (r == 0)
		r = store_commit(store, &error);
	(void)setrlimit(RLIMIT_FSIZE, &limit);
	ok(r == -EIO || r == -ENOSPC, "a disk that does not write is told: %s", error.text);
	store_free(store);
	free(big);
	store = store_at(folder);
	ok(store_generation(store) > 2, "and the last commit is there when it writes again");
	store_free(store);
}

static void test_damaged(const char *folder)
{
	char path[512], wal[520];
	struct store *store = NULL;
	struct error error = {0};
	uint8_t page[4096];
	int fd, r;

	(void)snprintf(path, sizeof path, "%s/fqcluster.db", folder);
	(void)snprintf(wal, sizeof wal, "%s-wal", path);
	memset(page, 0x5a, sizeof page);
	fd = open(path, O_WRONLY);
	ok(fd >= 0 && access(wal, F_OK) < 0 && pwrite(fd, page, sizeof page, 4096) == (ssize_t)sizeof page,
	   "a page of the database is overwritten");
	closep(&fd);
	r = store_open(folder, &store, &error);
	ok(r < 0 && r != -EBUSY, "then it is refused");
	ok(strstr(error.text, "damaged") && strstr(error.text, folder), "with a sentence: %s", error.text);
	fd = open(path, O_WRONLY | O_TRUNC);
	ok(fd >= 0 && write(fd, "no database at all, but long enough to be looked at", 51) == 51, "something else in its place");
	closep(&fd);
	r = store_open(folder, &store, &error);
	ok(r < 0, "is refused: %s", error.text);
}

int main(void)
{
	char base[] = "/tmp/fqstore.XXXXXX", folder[64], ended[64];

	if (!mkdtemp(base))
		return skip_all("no temporary folder: %s", strerror(errno));
	(void)snprintf(folder, sizeof folder, "%s/state", base);
	test_start(folder);
	test_again(folder);
	test_killed(folder);
	test_result(folder);
	test_pieces(folder);
	test_expired(folder);
	(void)snprintf(ended, sizeof ended, "%s/ended", base);
	test_ended(ended);
	folder_remove(ended);
	test_failing_disk(folder);
	test_damaged(folder);
	folder_remove(folder);
	(void)rmdir(base);
	return done_testing();
}
