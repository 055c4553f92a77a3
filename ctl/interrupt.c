/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ^C while fqctl waits: see interrupt.h. Everything that is said is made before, since a signal handler cannot format; the second ^C
 * runs 'fqctl cancel', since the connection may be in the middle of anything.
 */
#include "ctl/interrupt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/text.h"

#define AGAIN_MS 3000 /* so long a second ^C is waited for */
#define STEP_MS 50

static char farewell[2048], again[128];
static char address[300], keys[4096], number[24];
static const char *cancel[12];
static bool is_terminal;

static void put(const char *text)
{
	size_t n = strlen(text);

	if (write(STDERR_FILENO, text, n) < (ssize_t)n)
		_exit(130);
}

/* Whether SIGINT, which the handler holds back, has come again. */
static bool comes_again(void)
{
	const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
	sigset_t pending;

	for (int ms = 0; ms < AGAIN_MS; ms += STEP_MS) {
		if (sigpending(&pending) == 0 && sigismember(&pending, SIGINT))
			return true;
		(void)nanosleep(&step, NULL);
	}
	return false;
}

static void cancel_run(void)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, usual = {.sa_handler = SIG_DFL};
	sigset_t interrupt;
	int status = 0;
	pid_t child;

	(void)sigaction(SIGINT, &ignore, NULL); /* what is pending is gone with it */
	(void)sigemptyset(&interrupt);
	(void)sigaddset(&interrupt, SIGINT);
	child = _Fork(); /* fork() would wait for the lock of memory, which this thread may hold */
	if (child == 0) {
		(void)sigaction(SIGINT, &usual, NULL);
		(void)sigprocmask(SIG_UNBLOCK, &interrupt, NULL);
		(void)execv("/proc/self/exe", (char *const *)cancel);
		_exit(71);
	}
	if (child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		put(again);
}

static void interrupted(int signal_number)
{
	(void)signal_number;
	put(farewell);
	if (is_terminal && comes_again())
		cancel_run();
	_exit(130);
}

/* " --as fastqc -d reports": what fetch would not do by itself. Names that a shell would not leave alone stand in quotes. */
static void words_of(const struct output_options *output, char *text, size_t size)
{
	const char *place = output->file[0] ? output->file : output->folder;
	const char *quote = place[strspn(place, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./+,:@=-")] ? "\"" : "";
	char forms[64] = "";

	for (enum output_form form = 0; form < _OUTPUT_FORM_MAX; form++)
		if (output->forms & OUTPUT_SET(form) && output->forms != OUTPUT_SET(OUTPUT_CSV)) {
			size_t n = strlen(forms);

			(void)snprintf(forms + n, sizeof forms - n, "%s%s", n ? "," : " --as ", output_form_name(form));
		}
	(void)snprintf(text, size, "%s", forms);
	if (place[0])
		(void)snprintf(text, size, "%s -%c %s%s%s", forms, output->file[0] ? 'o' : 'd', quote, TEXT(place), quote);
}

void interrupt_begin(const struct client *client, uint64_t job, const struct output_options *output, struct sigaction *ret_before)
{
	char words[600] = "";
	struct sigaction action = {.sa_handler = interrupted};
	const char *option = client->settings->host.host[0] ? "-h" : "--socket";
	const char *const call[] = {"fqctl", "cancel", option, address, "--keys", keys, "--timeout", "30s", "--reason",
	                             "interrupted by its user", number, NULL};

	_Static_assert(sizeof call == sizeof cancel, "the words of cancel");
	(void)snprintf(address, sizeof address, "%s", client->address);
	(void)snprintf(keys, sizeof keys, "%s", client->settings->keys);
	(void)snprintf(number, sizeof number, "%llu", (unsigned long long)job);
	memcpy(cancel, call, sizeof cancel);
	if (output)
		words_of(output, words, sizeof words);
	is_terminal = isatty(STDERR_FILENO);
	(void)snprintf(farewell, sizeof farewell,
	               "\nfqctl: job %s goes on\n"
	               "       'fqctl follow %s %s %s' comes back to it\n"
	               "       'fqctl fetch %s %s%s %s' writes its results\n%s",
	               number, option, address, number, option, address, words, number,
	               is_terminal ? "       ^C again within 3 seconds cancels it\n" : "");
	(void)snprintf(again, sizeof again, "fqctl: job %s is cancelled\n", number);
	(void)sigaction(SIGINT, &action, ret_before);
}

void interrupt_end(const struct sigaction *before)
{
	(void)sigaction(SIGINT, before, NULL);
}
