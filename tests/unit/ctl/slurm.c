/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What squeue and sbatch may print, comments, the words for sbatch, and programs that hang, flood or fail. */
#include "ctl/slurm/slurm.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/slurm/script.h"
#include "lib/base/cleanup.h"
#include "tests/unit/tap.h"

static void test_comments(void)
{
	static const char *const wrong[] = {"", "fqcluster", "fqcluster:", "fqcluster:h:5381", "fqcluster:h:0:ab", "fqcluster:h:65536:ab",
	                                    "fqcluster:h:x:ab", "fqcluster:h:1:AB", "fqcluster:h:1:", "fqcluster::1:ab", "other:h:1:ab",
	                                    "fqcluster:h:1:abcdefabcdefabcdef", "fqcluster:1:ab", "(null)"};
	char comment[SLURM_COMMENT_MAX], host[TEXT_HOST_MAX], id[SLURM_ID_MAX];
	uint16_t port = 0;

	slurm_comment(comment, "coord.example", 5381, "0a1b2c3d");
	is_str(comment, "fqcluster:coord.example:5381:0a1b2c3d", "a comment");
	ok(slurm_comment_parse(comment, host, &port, id) && strcmp(host, "coord.example") == 0 && port == 5381 && strcmp(id, "0a1b2c3d") == 0,
	   "and back");
	slurm_comment(comment, "fd00::1", 1, "elastic");
	ok(slurm_comment_parse(comment, host, &port, id) && strcmp(host, "fd00::1") == 0 && port == 1, "a host with colons");
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		ok(!slurm_comment_parse(wrong[i], host, &port, id), "'%s' is none", wrong[i]);
	memset(comment, 'h', sizeof comment - 1);
	comment[sizeof comment - 1] = '\0';
	memcpy(comment, "fqcluster:", 10);
	ok(!slurm_comment_parse(comment, host, &port, id), "nor is one that is too long");
}

#define GOOD "12|3|RUNNING|n1|59:00|None|fqcluster|fqcluster:h:5381:ab\n"

static void test_squeue(void)
{
	static const char *const wrong[] = {"\n", "12\n", GOOD "12|3|RUNNING\n", "x|3|RUNNING|n|1|None|fqcluster|fqcluster:h:1:ab\n",
	                                    "0|3|RUNNING|n|1|None|fqcluster|fqcluster:h:1:ab\n",
	                                    "12|-3|RUNNING|n|1|None|fqcluster|fqcluster:h:1:ab\n",
	                                    "12|3||n|1|None|fqcluster|fqcluster:h:1:ab\n", "12|3|running|n|1|None|fqcluster|fqcluster:h:1:ab\n",
	                                    "12|99999|RUNNING|n|1|None|fqcluster|fqcluster:h:1:ab\n",
	                                    "12|3|RUNNING|n\033[2J|1|None|fqcluster|fqcluster:h:1:ab\n", "12|3|RUNNING|n1"};
	struct slurm_jobs jobs = {0};
	struct error err;
	char number[SLURM_NUMBER_MAX];

	is_int(slurm_parse_jobs("", 0, &jobs, &err), 0, "nobody");
	is_u64(jobs.n, 0, "is nobody");
	is_int(slurm_parse_jobs(GOOD "12|4|PENDING||1:00|Resources|fqcluster|fqcluster:h:5381:ab\n"
	                        "9|N/A|RUNNING|n2|INVALID|None|other|a|b|c\n7|N/A|RUNNING|n2|1|None|fqcluster|mine|too\n",
	                        strlen(GOOD) * 3 + 67, &jobs, &err) < 0, 1, "a text that is cut is none");
	{
		const char *text = GOOD "12|4|PENDING||1:00|Resources|fqcluster|fqcluster:h:5381:ab\n9|N/A|RUNNING|n2|INVALID|None|other|a|b|c\n";

		is_int(slurm_parse_jobs(text, strlen(text), &jobs, &err), 0, "three lines");
	}
	is_u64(jobs.n, 2, "two are ours");
	ok(jobs.n == 2 && jobs.jobs[0].array == 12 && jobs.jobs[0].task == 3 && strcmp(jobs.jobs[0].node, "n1") == 0 &&
	   !slurm_is_pending(&jobs.jobs[0]) && slurm_is_pending(&jobs.jobs[1]) && strcmp(jobs.jobs[1].reason, "Resources") == 0, "in all fields");
	is_str(jobs.n == 2 ? slurm_number(&jobs.jobs[0], number) : "", "12_3", "its number");
	slurm_jobs_deinit(&jobs);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		ok(slurm_parse_jobs(wrong[i], strlen(wrong[i]), &jobs, &err) < 0 && err.class == ERROR_PROTOCOL && !jobs.jobs, "no answer: %s", err.text);
	ok(slurm_parse_jobs(GOOD "\0\n", strlen(GOOD) + 2, &jobs, &err) < 0, "a zero byte");
}

static void test_sbatch(void)
{
	static const char *const wrong[] = {"", "\n", "12", "x\n", "0\n", "12 \n", "12;\n", "12\n13\n", "Submitted batch job 12\n", "-1\n",
	                                    "99999999999999999999999\n"};
	struct error err;
	uint64_t array = 0;

	ok(slurm_parse_submitted("1234\n", 5, &array, &err) == 0 && array == 1234, "a number");
	ok(slurm_parse_submitted("12;cluster\n", 11, &array, &err) == 0 && array == 12, "and a cluster");
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		ok(slurm_parse_submitted(wrong[i], strlen(wrong[i]), &array, &err) < 0, "no number: %s", err.text);
}

static void test_words(void)
{
	char empty[] = "", keys[] = "/k'y", folder[] = "/home/a%b", worker[] = "/x y/fqworkerd";
	struct slurm_options options = {.partition = empty, .account = empty, .qos = empty, .time = empty, .memory = empty, .idle_exit_ms = 5000};
	struct slurm_array array = {.id = "ab", .host = "h", .port = 1, .workers = 3, .keys = keys, .folder = folder, .worker = worker};
	_cleanup_(freep) char *script = slurm_script(&array, &options), *line = NULL;
	char odd[] = "--x=$(rm -rf /)", *further[] = {odd};
	char **words = NULL;
	struct error err;

	ok(script && strstr(script, "'/x y/fqworkerd'") && strstr(script, "'/k'\\''y/key.pem'") && strstr(script, "--idle-exit 5000ms"),
	   "the script has quotes where a shell needs them");
	is_int(slurm_argv(&array, &options, further, 1, &words, &err), 0, "a word for a shell is a word");
	line = words ? slurm_line(words) : NULL;
	ok(line && strstr(line, "--output=/home/a%%b/%A_%a.log") && strstr(line, "'--x=$(rm -rf /)'"), "and a %% in a folder is none of sbatch's");
	slurm_argv_free(words);
	folder[5] = '\\';
	ok(slurm_argv(&array, &options, NULL, 0, &words, &err) < 0 && strstr(err.text, "backslash"), "no backslash: %s", err.text);
}

static void test_run(void)
{
	const char *const echo[] = {"sh", "-c", "cat; echo words >&2; exit 3", NULL}, *const hang[] = {"sh", "-c", "exec sleep 1000", NULL},
	           *const closed[] = {"sh", "-c", "exec >&- 2>&-; exec sleep 1000", NULL}, *const flood[] = {"yes", NULL},
	           *const deaf[] = {"sh", "-c", "exec <&-; echo said", NULL}, *const none[] = {"no-such-program", NULL};
	_cleanup_(freep) char *large = malloc(1 << 20);
	struct slurm_output output = {0};
	struct error err;

	memset(large, 'x', (1 << 20) - 1);
	large[(1 << 20) - 1] = '\0';
	is_int(slurm_run(echo, large, 30000, &output, &err), 0, "a program that reads a lot and says a lot");
	ok(output.status == 3 && strcmp(output.said, "words") == 0 && output.out && strcmp(output.out, large) == 0, "status, words and all of it");
	free(output.out);
	is_int(slurm_run(deaf, large, 30000, &output, &err), 0, "one that does not read");
	is_str(output.out, "said\n", "has said what it had to");
	free(output.out);
	ok(slurm_run(hang, NULL, 300, &output, &err) == -ETIMEDOUT && err.class == ERROR_UNAVAILABLE, "one that hangs: %s", err.text);
	/* Within its time a busy machine has to start the shell. */
	ok(slurm_run(closed, NULL, 4000, &output, &err) == 0 && output.status == 128 + 9, "one that hangs with its mouth closed");
	free(output.out);
	ok(slurm_run(flood, NULL, 30000, &output, &err) == -EFBIG, "one without end: %s", err.text);
	ok(slurm_run(none, NULL, 30000, &output, &err) == -ENOENT && err.class == ERROR_UNAVAILABLE, "none: %s", err.text);
}

int main(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
	test_comments();
	test_squeue();
	test_sbatch();
	test_words();
	test_run();
	return done_testing();
}
