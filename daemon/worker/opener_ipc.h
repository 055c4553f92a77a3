/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the supervisor and an opener say to each other, a packet each way:
 *
 *     supervisor  -- open_request (CHECK: and the descriptor) -->  opener
 *     supervisor  <-- open_answer (SLICE with r 0: and the descriptor) --  opener
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/fastq/fingerprint.h"
#include "lib/fastq/proof.h"
#include "lib/wire/fqcluster.pb.h"

#define OPENER_OPTION "--opener" /* the program is an opener, the roots follow; no option of people's */
#define OPENER_NAME "fqworkerd-open"
#define OPENER_MAGIC 0x6671573eu

enum open_kind {
	OPEN_FACTS = 1, /* what a plan needs to know, after the proof of reading where one is wanted */
	OPEN_SLICE,     /* a descriptor to count from, of the file that was planned */
	OPEN_CHECK,     /* whether the file behind this descriptor is still what it was */
	OPEN_ROOT,      /* whether the folder of the root PATH is there; for nobody but the log */
};

#define OPEN_CHANGED 1 /* the file is there, but not what was planned or what it was */

struct open_request {
	uint32_t magic;
	uint32_t kind;
	uint64_t number;            /* chosen by the asker; comes back */
	uint64_t job, connection;   /* what the asker notes of who wants to know (connection: FACTS only); not looked at */
	uint32_t file;
	bool aside;                 /* FACTS: for no job, but for somebody who asks; file is the question's number */
	char path[sizeof((fq_Open){0}.path)];
	struct file_proof proof;    /* FACTS */
	struct fingerprint planned; /* SLICE, CHECK */
};

struct open_answer {
	uint32_t magic;
	int32_t r; /* 0, OPEN_CHANGED, or negative errno with error */
	uint64_t number;
	bool unproven;              /* FACTS: r is negative, because it is not what the submitter has read */
	struct file_facts facts;    /* FACTS; of SLICE only its fingerprint */
	struct error error;         /* for the one who asked; names the path */
	char reason[256];           /* for the log alone: what was unproven */
};

/* Sends a packet and perhaps a descriptor (-1: none) without waiting. 0 or negative errno (-EAGAIN: it does not read). */
int opener_send(int fd, const void *packet, size_t n, int file);

/* Receives a packet of exactly n bytes. 0 with the descriptor in *ret_file (-1: none), 1 at the end, or negative errno. */
int opener_receive(int fd, void *packet, size_t n, int *ret_file);

void opener_request_init(struct open_request *request, enum open_kind kind, const char *path);

/* Whether these are what they should be, and every text ends: 0 or -EBADMSG. */
int opener_check_request(struct open_request *request, int file);
int opener_check_answer(struct open_answer *answer, const struct open_request *request, int file);
