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
	is_int(check("", "d", (const char *const[]){"x/a.fq", "x/a.fq"}, 2, &err), -EINVAL, "an input twice");
	ok(strstr(err.text, "x/a.fq is there twice") != NULL, "%s", err.text);
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

static const char *const one[] = {"x/a.fq"};

/* What a symbolic link leads to is written, there or not, and the link stays one. */
static void test_links(const struct counters *counters)
{
	struct error err = {0};
	char text[4096];

	if (symlink("../file", "d/far") < 0 || symlink("far", "d/chain") < 0 || symlink("later", "d/dangling") < 0 ||
	    symlink("no/later", "d/nowhere") < 0 || symlink("loop", "d/loop") < 0 || symlink(".", "d/folder") < 0)
		abort();
	is_int(write_to("d/chain", "", "a", 1, counters, &err), 0, "by two links (%s)", err.text);
	is_str(text_of("file", text), WANT, "what they lead to is written");
	ok(is_kind("d/chain", S_IFLNK) && is_kind("d/far", S_IFLNK), "both are links");
	is_int(write_to("d/dangling", "", "a", 1, counters, &err), 0, "to a file that is not there (%s)", err.text);
	ok(is_kind("d/dangling", S_IFLNK), "it is a link");
	is_str(text_of("d/later", text), WANT, "and leads to the table");
	is_int(check("d/nowhere", "", one, 1, &err), -ENOENT, "to a folder that is not there");
	is_int(err.class, ERROR_CANT_CREATE, "%s", err.text);
	is_int(check("d/loop", "", one, 1, &err), -ELOOP, "to itself");
	is_int(err.class, ERROR_CANT_CREATE, "%s", err.text);
	ok(write_to("d/loop", "", "a", 1, counters, &err) < 0 && is_kind("d/loop", S_IFLNK), "nor is it written");
	is_int(check("d/folder", "", one, 1, &err), -EISDIR, "to a folder");
	ok(strstr(err.text, "--output-dir") != NULL, "%s", err.text);
	is_u64(entries("d", true), 7, "nothing beside them");
}

/* Where everybody may put links, one of somebody else is not followed. */
static void test_strange(const struct counters *counters)
{
	struct error err = {0};
	char text[4096], before[4096];

	(void)snprintf(before, sizeof before, "%s", text_of("file", text));
	if (mkdir("sticky", 0700) < 0 || chmod("sticky", 01777) < 0 || symlink("../file", "sticky/link") < 0)
		abort();
	if (lchown("sticky/link", 65534, (gid_t)-1) < 0) {
		skip("not root, so that all links are ours");
	} else {
		is_int(check("sticky/link", "", one, 1, &err), -EACCES, "a stranger's link");
		is_int(write_to("sticky/link", "", "a", 1, counters, &err), -EACCES, "is not followed: %s", err.text);
		is_str(text_of("file", text), before, "what it leads to is untouched");
		if (lchown("sticky/link", 0, (gid_t)-1) < 0)
			abort();
	}
	is_int(write_to("sticky/link", "", "a", 1, counters, &err), 0, "one of our own is (%s)", err.text);
	(void)unlink("sticky/link");
	(void)rmdir("sticky");
}

/* What this process has open: standard output and process substitutions of a shell. By a link of ours, as devices are. */
static void test_descriptor(const struct counters *counters)
{
	static const char *const two[] = {"x/a.fq", "x/b.fq"};
	struct error err = {0};
	char text[4096], name[64], link[64];
	int fd = open("d/open", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	(void)snprintf(name, sizeof name, "/dev/fd/%d", fd);
	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	if (fd < 0 || write(fd, "before\n", 7) != 7 || symlink(link, "d/stdout") < 0)
		abort();
	if (access(name, W_OK) < 0) {
		skip("no /dev/fd");
		(void)close(fd);
		return;
	}
	is_int(check("d/stdout", "", two, 1, &err), 0, "a link to a descriptor (%s)", err.text);
	is_int(write_to("d/stdout", "", "a", 1, counters, &err), 0, "is written (%s)", err.text);
	is_str(text_of("d/open", text), "before\n" WANT, "behind what was there");
	ok(is_kind("d/stdout", S_IFLNK), "and a link afterwards");
	is_int(write_to(name, "", "a", 1, counters, &err), 0, "by its name (%s)", err.text);
	is_str(text_of("d/open", text), "before\n" WANT WANT, "likewise");
	is_int(check("d/stdout", "", two, 2, &err), -EINVAL, "not for two results");
	is_int(err.class, ERROR_USAGE, "%s", err.text);
	is_int(check("/dev/null", "", two, 2, &err), -EINVAL, "nor is a device, whose folder would get them");
	(void)close(fd);
	is_u64(entries("d", true), 2, "nothing beside it");
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
	test_links(counters);
	test_strange(counters);
	test_descriptor(counters);
	counters_free(counters);
	setup_end();
	return done_testing();
}
