/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is handed to sbatch and to the shells of its jobs. The input is texts that end in zero bytes: where the worker, its keys and its
 * folder are, partition and host, then further words of sbatch. Read as a shell reads them, the line for people has the same words, and the script
 * runs the worker with the arguments that it is to have and nothing else; and whatever the further words are, none of sbatch's words is
 * taken for a script or sets what makes it our array.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/slurm/script.h"
#include "lib/base/cleanup.h"
#include "tests/fuzz/forms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_WORKER, TEXT_KEYS, TEXT_FOLDER, TEXT_PARTITION, TEXT_HOST, _TEXT_MAX };
#define FURTHER_MAX 20
#define WORDS_MAX 200

/* ---- as a shell reads */

/* One word into room for all of the text; *at is behind it. False: there is none, but the end or an operator that is not quoted. */
static bool shell_word(const char **at, char *word)
{
	*at += strspn(*at, " ");
	if (**at == '\0' || strchr("&;|<>()\n", **at))
		return false;
	for (; **at && !strchr(" &;|<>()\n", **at); ++*at) {
		must(!strchr("$`\"*?[~#", **at));
		if (**at == '\\') {
			*word++ = *++*at;
			must(**at != '\0');
		} else if (**at == '\'') {
			for (++*at; **at != '\''; ++*at) {
				must(**at != '\0');
				*word++ = **at;
			}
		} else {
			*word++ = **at;
		}
	}
	*word = '\0';
	return true;
}

static void must_come(const char **at, char *room, const char *word)
{
	must(shell_word(at, room) && strcmp(room, word) == 0);
}

static void check_line(char *const *words)
{
	_cleanup_(freep) char *line = slurm_line(words), *room = NULL;
	const char *at = line;

	must(line != NULL);
	room = malloc(strlen(line) + 1);
	must(room != NULL);
	for (size_t i = 0; words[i]; i++)
		must_come(&at, room, words[i]);
	must(!shell_word(&at, room) && *at == '\0');
}

static void check_script(const struct slurm_array *array, const struct slurm_options *options)
{
	_cleanup_(freep) char *script = slurm_script(array, options), *room = NULL;
	char key[5000], port[16];
	const char *at;

	must(script && strncmp(script, "#!/bin/sh\n", 10) == 0);
	room = malloc(strlen(script) + 1);
	at = strstr(script, "' TERM\n");
	must(room && at);
	at += strlen("' TERM\n");
	(void)snprintf(key, sizeof key, "%s/key.pem", array->keys);
	(void)snprintf(port, sizeof port, "%u", array->port);
	must_come(&at, room, array->worker);
	must_come(&at, room, "--config");
	must_come(&at, room, "/dev/null");
	must_come(&at, room, "--batch");
	must_come(&at, room, "--key");
	must_come(&at, room, key);
	must_come(&at, room, "-h");
	must_come(&at, room, array->host);
	must_come(&at, room, "-p");
	must_come(&at, room, port);
	must_come(&at, room, "--idle-exit");
	must_come(&at, room, "5000ms");
	must(!shell_word(&at, room) && strncmp(at, "&\nworker=$!\n", 12) == 0);
}

/* ---- as sbatch reads: its letters of options, those before the colon without a value */

static void check_letters(const char *word)
{
	static const char alone[] = "hHIkOQsuvVW", valued[] = "AabCcdDeFGiJLmMnNopqStwx", ours[] = "aJNnWoDVhHuQ";

	for (const char *at = word + 1; *at; at++) {
		must(!strchr(ours, *at));
		if (!strchr(alone, *at) || strchr(valued, *at))
			return; /* the rest is its value, or sbatch refuses it */
	}
}

static void check_words(char *const *words, size_t further)
{
	static const char *const ours[] = {"--array", "--comment", "--job-name", "--nodes",  "--ntasks",
	                                   "--wrap",  "--output",  "--chdir",    "--signal"};
	size_t n = 0;

	while (words[n])
		n++;
	must(n > further && strcmp(words[0], "sbatch") == 0);
	for (size_t i = 1; i < n; i++) {
		must(words[i][0] == '-' && words[i][1] && strcmp(words[i], "--") != 0);
		if (i < n - further)
			continue;
		if (words[i][1] != '-')
			check_letters(words[i]);
		for (size_t k = 0; k < sizeof ours / sizeof *ours; k++) {
			size_t length = strlen(ours[k]);

			must(strncmp(words[i], ours[k], length) != 0 || (words[i][length] != '\0' && words[i][length] != '='));
		}
	}
}

static void check(const char *const *texts, char *const *further, size_t further_n)
{
	char empty[] = "", *partition = strdup(texts[TEXT_PARTITION]);
	struct slurm_options options = {.partition = partition, .account = empty, .qos = empty, .time = empty, .memory = empty,
	                                .idle_exit_ms = 5000};
	struct slurm_array array = {.id = "abc", .port = 5381, .workers = 3};
	struct error err = {0};
	char **words = NULL;

	array.worker = strdup(texts[TEXT_WORKER]);
	array.keys = strdup(texts[TEXT_KEYS]);
	array.folder = strdup(texts[TEXT_FOLDER]);
	(void)snprintf(array.host, sizeof array.host, "%s", texts[TEXT_HOST]);
	must(partition && array.worker && array.keys && array.folder);
	if (strlen(array.keys) < 4096)
		check_script(&array, &options);
	if (slurm_argv(&array, &options, further, further_n, &words, &err) < 0) {
		must(err.class == ERROR_USAGE && err.text[0]);
		must_be_text(err.text, strlen(err.text));
	} else {
		check_words(words, further_n);
		check_line(words);
		slurm_argv_free(words);
	}
	free(partition);
	free(array.worker);
	free(array.keys);
	free(array.folder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(freep) char *text = malloc(size + 1);
	char *further[FURTHER_MAX];
	const char *texts[_TEXT_MAX];
	size_t at = 0, n = 0;

	must(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	for (size_t i = 0; i < _TEXT_MAX; i++) {
		texts[i] = text + at;
		at += strlen(text + at);
		at += at < size;
	}
	for (; at < size && n < FURTHER_MAX; at += strlen(text + at) + 1)
		further[n++] = text + at;
	check(texts, further, n);
	return 0;
}
