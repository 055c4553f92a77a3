/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where results go: the names of files, what is refused beforehand, and that a file appears whole or not at all. */
#include "ctl/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "tests/unit/ctl/output_setup.h"
#include "tests/unit/tap.h"

/* Two reads: IIII and 5I. */
#define WANT "0,30.0\n1,40.0\n2,40.0\n3,40.0\n"

static int check(const char *file, const char *folder, const char *const *paths, size_t n, struct error *err)
{
	return check_as("csv", file, folder, paths, n, err);
}

static int write_to(const char *file, const char *folder, const char *path, size_t n, const struct counters *counters,
                    struct error *err)
{
	return write_as("csv", file, folder, path, n, counters, err);
}

static void test_names(const struct counters *counters)
{
	static const struct {
		const char *file, *folder, *path;
		size_t n;
		const char *name;
	} rows[] = {
		{"d/X.csv", "", "in/a.fq", 1, "d/X.csv"},
		{"d/X.csv", "", "in/a.fq", 2, "d/a.fq.X.csv"},
		{"d/X.csv", "", "a.fq.gz", 2, "d/a.fq.gz.X.csv"},
		{"X.csv", "", "/in/deep/a.fq", 2, "a.fq.X.csv"},
		{"X.csv", "", "/in/deep/a.fq", 1, "X.csv"},
		{"", "d", "in/a.fq.gz", 1, "d/a.fq.gz.csv"},
		{"", "d", "a.fq", 2, "d/a.fq.csv"},
		{"", "d/", "a.fq", 2, "d/a.fq.csv"},
		{"", "d", "in/100%s %n.fq", 2, "d/100%s %n.fq.csv"},
	};
	char text[4096];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct error err = {0};

		is_int(write_to(rows[i].file, rows[i].folder, rows[i].path, rows[i].n, counters, &err), 0, "%s, one of %zu (%s)",
		       rows[i].path, rows[i].n, err.text);
		is_str(text_of(rows[i].name, text), WANT, "-o '%s' -d '%s': %s", rows[i].file, rows[i].folder, rows[i].name);
		(void)unlink(rows[i].name);
	}
	is_u64(entries("d", false), 0, "and no other file");
}

static void test_refused(void)
{
	static const char *const two[] = {"x/a.fq", "x/b.fq"}, *const same[] = {"x/a.fq", "b.fq", "y/a.fq"};
	struct error err = {0};

	is_int(check("", "", same, 3, &err), 0, "standard output is always right");
	is_int(check("d/X", "", two, 2, &err), 0, "-o into a folder that is there");
	is_int(check("X", "", two, 2, &err), 0, "-o here");
	is_int(check("", "d", two, 2, &err), 0, "--output-dir that is there");
	is_int(check("", "d", NULL, 0, &err), 0, "inputs not known yet");
	is_int(check("X", "d", two, 2, &err), -EINVAL, "both");
	is_int(err.class, ERROR_USAGE, "%s", err.text);
	is_int(check("no/X", "", two, 2, &err), -ENOENT, "-o into a folder that is not there");
	is_int(err.class, ERROR_CANT_CREATE, "%s", err.text);
	is_int(check("", "no", two, 2, &err), -ENOENT, "--output-dir that is not there");
	is_int(err.class, ERROR_CANT_CREATE, "%s", err.text);
	is_int(check("", "file", two, 2, &err), -ENOTDIR, "--output-dir that is a file");
	is_int(err.class, ERROR_CANT_CREATE, "%s", err.text);
	is_int(check("", "d", same, 3, &err), -EINVAL, "two inputs of one name");
	is_int(err.class, ERROR_USAGE, "%s", err.text);
	ok(strstr(err.text, "x/a.fq") && strstr(err.text, "y/a.fq"), "both are named");
	is_int(check("d/X", "", same, 3, &err), -EINVAL, "likewise with -o");
	is_int(check("d/X", "", same, 1, &err), 0, "one input");
}

static unsigned int mode_of(const char *name)
{
	struct stat st;

	return stat(name, &st) == 0 ? st.st_mode & 07777 : 0;
}

static void test_bits(const struct counters *counters)
{
	mode_t before = umask(022);

	is_int(write_to("d/a", "", "a", 1, counters, NULL), 0, "written");
	is_u64(mode_of("d/a"), 0644, "umask 022");
	(void)umask(077);
	is_int(write_to("d/a", "", "a", 1, counters, NULL), 0, "written over it");
	is_u64(mode_of("d/a"), 0600, "umask 077");
	(void)umask(0);
	is_int(write_to("d/b", "", "a", 1, counters, NULL), 0, "written");
	is_u64(mode_of("d/b"), 0666, "umask 0");
	is_u64(umask(before), 0, "the umask is as it was");
	is_u64(entries("d", true), 2, "two files, nothing beside them");
}

/* A disk that is full in the middle, by the largest size of a file. */
static void test_whole(const struct counters *counters)
{
	struct rlimit before, small;
	struct counters *large = counters_make(20000);
	struct error err = {0};
	char text[4096];

	is_int(write_to("d/a", "", "a", 1, counters, NULL), 0, "a result is there");
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)getrlimit(RLIMIT_FSIZE, &before);
	small = before;
	small.rlim_cur = 10000;
	(void)setrlimit(RLIMIT_FSIZE, &small);
	ok(write_to("d/a", "", "a", 1, large, &err) < 0, "a larger one does not fit");
	(void)setrlimit(RLIMIT_FSIZE, &before);
	is_int(err.class, ERROR_CANT_CREATE, "%s", err.text);
	ok(strstr(err.text, "d/a") != NULL, "the sentence names the file");
	is_str(text_of("d/a", text), WANT, "the one before is untouched");
	is_u64(entries("d", true), 1, "nothing is left beside it");
	ok(write_to("no/a", "", "a", 1, counters, &err) < 0, "the folder is gone");
	is_int(err.class, ERROR_CANT_CREATE, "%s", err.text);
	if (mkdir("d/folder", 0700) < 0)
		abort();
	ok(write_to("d/folder", "", "a", 1, counters, &err) < 0, "a folder cannot be written");
	is_int(err.class, ERROR_CANT_CREATE, "%s", err.text);
	(void)rmdir("d/folder");
	is_u64(entries("d", true), 0, "nothing is left");
	counters_free(large);
}

static void test_long_name(const struct counters *counters)
{
	char name[NAME_MAX + 3] = "d/", longer[NAME_MAX + 4];
	struct error err = {0};

	memset(name + 2, 'n', NAME_MAX);
	is_int(write_to(name, "", "a", 1, counters, &err), 0, "a name that just fits (%s)", err.text);
	is_u64(entries("d", true), 1, "is there");
	(void)snprintf(longer, sizeof longer, "%sn", name);
	is_int(write_to(longer, "", "a", 1, counters, &err), -ENAMETOOLONG, "one byte more does not");
	is_u64(entries("d", true), 0, "nothing is left");
}

static bool is_kind(const char *name, mode_t kind)
{
	struct stat st;

	return lstat(name, &st) == 0 && (st.st_mode & S_IFMT) == kind;
}

/*
 * What is no regular file is written, not replaced. Devices are reached through symbolic links of ours only: a fault must
 * replace the link, not /dev/null of the machine.
 */
static void test_device(const struct counters *counters)
{
	struct error err = {0};
	char text[4096] = "";
	int pipe_end;

	if (mkfifo("d/pipe", 0600) < 0 || symlink("/dev/full", "d/full") < 0)
		abort();
	pipe_end = open("d/pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	is_int(write_to("d/pipe", "", "a", 1, counters, &err), 0, "a pipe is written (%s)", err.text);
	ok(read(pipe_end, text, sizeof text - 1) > 0, "its reader gets something");
	is_str(text, WANT, "the whole table");
	ok(is_kind("d/pipe", S_IFIFO), "and it is a pipe afterwards");
	(void)close(pipe_end);
	if (access("/dev/full", W_OK) < 0) {
		skip("no /dev/full");
	} else {
		ok(write_to("d/full", "", "a", 1, counters, &err) < 0, "a device that takes nothing");
		is_int(err.class, ERROR_CANT_CREATE, "%s", err.text);
		ok(strstr(err.text, "d/full") != NULL, "named");
		ok(is_kind("d/full", S_IFLNK), "and still there");
	}
	is_u64(entries("d", true), 2, "nothing beside them");
}

int main(void)
{
	struct counters *counters;

	if (!setup_begin())
		return skip_all("no temporary folder");
	counters = counters_make(4);
	test_names(counters);
	test_refused();
	test_bits(counters);
	test_whole(counters);
	test_long_name(counters);
	test_device(counters);
	counters_free(counters);
	setup_end();
	return done_testing();
}
