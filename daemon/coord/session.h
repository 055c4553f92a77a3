/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A session: one connection that a worker, a client or an administrator has with the coordinator.
 *
 * The table in session.c says of each message who may send it; handlers (from_*.c, show.c, enrol.c) are called
 * only when that is so, with the decoded message.
 */
#pragma once

#include "daemon/briefs.h"
#include "daemon/coord/server.h"
#include "lib/qc/varint.h"
#include "lib/wire/message.h"

#define SUBMIT_PATHS_MAX (64UL << 20) /* bytes of paths of one submission */
#define WATCHES_MAX 64                /* WAITs of one session */
#define ANSWERS_MAX (256u << 10)      /* bytes of answers that a client has not read, before its next request is taken */

/* A SUBMIT whose files come in. */
struct submitting {
	fq_Submit message;
	uint16_t tag;
	char **paths;
	char **names;              /* one a path, where groups are asked for */
	struct groups groups;      /* once all are there */
	struct file_proof *proofs; /* one a path, where they are asked for */
	uint32_t n;
	size_t bytes;
	uint64_t moved_ms; /* when a file last came */
	struct packer rules; /* in canonical bytes; none where no module needs any */
	bool open;
	uint64_t counted; /* bytes of it that were taken from server->submitting_room */
};

/* A RESULT whose counters come in. */
struct receiving {
	fq_Result message;
	struct blob blob;
	struct claim claim; /* for all of the blob */
	bool open;
	uint64_t skip;      /* DATA of a result that is too large, still to come */
	uint64_t moved_ms;  /* when DATA last came */
	uint64_t told_ms;   /* when the core last heard that it comes */
};

/* A result that goes out. */
struct sending {
	struct claim claim;
	bool busy;          /* it is queued and not read yet */
	uint64_t since_ms, from; /* when, and bytes that were read by then */
	struct reading reading;  /* of it, where it is large */
};

struct watch {
	uint64_t job;
	uint16_t tag;
	bool changed; /* since it was last told */
};

#define LISTING_WAITS 2

/* A long answer that is being given. */
struct listing {
	/*
	 * Sends the next piece: 0, 1 when there was none, LISTING_WAITS: listing_more() is called again when it can be sent; or
	 * negative with a sentence. NULL: no answer is being given.
	 */
	int (*more)(struct session *session, struct listing *listing, struct error *err);
	uint16_t tag;
	uint64_t cursor; /* job */
	uint32_t file, files;
	uint64_t slice;  /* of the file, from 1; 0: the file itself is next */
	uint64_t from_ms, until_ms; /* jobs that ended in this time */
	uint32_t left;   /* so many at most */
};

struct session {
	struct session *next, *previous;
	struct session *same_bucket; /* the next one in server->numbered */
	struct server *server;
	struct peer *peer;
	uint64_t since_ms;    /* when it came, monotonic */
	uint64_t number;      /* the core's number of a worker's connection */
	bool secured;         /* TLS: has a key; otherwise the unix socket, and uid tells */
	uint32_t uid;
	char address[64];     /* numeric; "" for the unix socket */
	char network[64];     /* what counts as one place of strangers */
	uint8_t pin[PIN_SIZE];
	bool vouched;         /* the key is that of a worker, which says that it is name, of its host */
	bool gate_only;       /* a worker without slots: the core does not know it */
	bool welcome;         /* HELLO was answered */
	uint32_t proto;       /* that is spoken */
	uint8_t nonce[PROOF_NONCE_SIZE]; /* of WELCOME, for a client's proofs of reading */
	fq_Role role;         /* ROLE_NONE before WELCOME */
	char name[PEER_NAME_MAX]; /* owner of jobs; node name */
	char version[32];         /* that it said */
	char (*roots)[sizeof *(fq_Hello){0}.roots]; /* of a worker, as it said them; NULL: none */
	uint32_t roots_n, roots_all; /* here, and there */
	struct {
		char engine[sizeof (fq_Hello){0}.batch_engine]; /* "": it is no job of a batch system */
		char job[sizeof (fq_Hello){0}.batch_job];
		uint64_t ends; /* seconds since 1970; 0: not known */
	} batch;
	uint32_t looks;           /* questions of probe.c that it has not answered */
	struct submitting submitting;
	struct receiving receiving;
	struct sending sending;
	struct briefs briefs;     /* that the worker has */
	struct listing listing;
	struct watch watches[WATCHES_MAX];
	uint32_t watches_n;
};

/* Takes over the connection. */
int session_new(struct server *server, struct connection *connection, const char *address, const char *network, uint32_t uid,
                bool secured, struct error *err);
struct session *session_free(struct session *session);
struct session *session_find(const struct server *server, uint64_t number);

/* Whether one more session of this key, or user, may be greeted. Of one that is vouched for, name is known. */
int session_room(const struct session *session, struct error *err);
/* Whether proofs of reading are demanded of it. */
bool session_proves(const struct session *session);

void session_send(struct session *session, uint16_t type, uint16_t tag, const void *message);
void session_fail(struct session *session, uint16_t tag, const struct error *error);

/* What it said makes no sense: a line in the journal, ERROR to the other side, and the end. A worker is not trusted from then on. */
void session_refuse(struct session *session, const struct error *error);

/* Nothing more for it: the sentence, and the end; what such a worker counts goes to others at once. */
void session_cut(struct session *session, const struct error *error);

/* ---- distrust.c: workers that sent what cannot be get nothing more until an administrator resumes them, and vouch for nobody */
void distrust_add(struct session *session, const struct error *error);
/* NULL: it is none. As which node it comes, and whether that is a batch system's job; name NULL: as none, or any. */
const char *distrust_reason(const struct session *session, const char *name, bool batch);
void distrust_forget(struct server *server);

/* A request that the core answers: its number there, and back to who asked what. */
uint64_t request_number(const struct session *session, uint16_t tag, uint16_t type);
void request_answer(struct server *server, uint64_t request, uint64_t job, const struct error *error);

/* ---- enrol.c: who is it */
void from_hello(struct session *session, uint16_t tag, const void *message);
void from_join(struct session *session, uint16_t tag, const void *message);

/* ---- from_admin.c: tokens; who is enrolled, and no longer */
void from_token(struct session *session, uint16_t tag, const void *message);
void from_peers(struct session *session, uint16_t tag, const void *message);
void from_tokens(struct session *session, uint16_t tag, const void *message);
void from_revoke(struct session *session, uint16_t tag, const void *message);

/* Ends the sessions whose key is not enrolled any more as what they came; what such a worker counts goes to others at once. */
void sessions_check(struct server *server);

/* ---- probe.c: whether nodes can open a path; health.c: how the coordinator is */
void from_probe(struct session *session, uint16_t tag, const void *message);
void from_looked(struct session *session, uint16_t tag, const void *message);
void probes_gone(struct session *session); /* it is about to be freed */
void from_health(struct session *session, uint16_t tag, const void *message);

/* ---- cache.c: results that are kept */
void from_cache(struct session *session, uint16_t tag, const void *message);

/* ---- profiles.c */
void from_profiles(struct session *session, uint16_t tag, const void *message);
/*
 * The limits of the profile that the session's SUBMIT names, as they are now, into the row, and what they ask to be counted. Pointers are
 * valid until the next frame or reload. 0, or negative with a sentence.
 */
int submit_profile(const struct session *session, struct job_row *row, struct error *err);

/* ---- may.c: what of a job a session may know */
/* There is no such job, or it is another one's: one sentence. Returns -ENOENT. */
int may_none(const struct session *session, uint64_t id, struct error *err);
/* A job of its own (an administrator: any): 0, or negative with a sentence. Strings in the row are valid until the next call of store or core. */
int may_find(const struct session *session, uint64_t id, struct job_row *ret, struct error *err);
/* Takes out of the message what the session may not know. */
void may_conceal(const struct session *session, fq_Job *job);
void job_conceal(fq_Job *job); /* what nobody but its owner and administrators may */

/* ---- backup.c */
void from_backup(struct session *session, uint16_t tag, const void *message);

/* ---- from_scout.c */
#define SCOUT_BLOB_MAX (256u << 10)
struct slice_id slice_id_from(const fq_SliceRef *ref);
void scout_take(struct session *session); /* a scout's RESULT is there whole */
int result_window(const fq_Result *result, uint8_t **ret, struct error *err);

/* ---- from_worker.c */
void from_worker_hello(struct session *session, const fq_Hello *hello);
void from_opened(struct session *session, uint16_t tag, const void *message);
void from_progress(struct session *session, uint16_t tag, const void *message);
void from_result(struct session *session, uint16_t tag, const void *message);
void from_result_data(struct session *session, const struct frame *frame);
void result_begin(struct session *session);  /* there is room for the result that was announced */
void result_coming(struct session *session); /* tells the core so, now and then */
void from_crashed(struct session *session, uint16_t tag, const void *message);
void from_io_error(struct session *session, uint16_t tag, const void *message);
void from_return(struct session *session, uint16_t tag, const void *message);
void from_draining(struct session *session, uint16_t tag, const void *message);
void worker_gone(struct session *session);

/* ---- to_worker.c */
void to_worker(struct server *server, const struct action *action);

/* ---- memory.c */
bool memory_in(struct session *session, uint64_t bytes); /* false: the peer is paused until result_begin() */
void memory_in_done(struct session *session);
bool memory_out(struct session *session, uint64_t bytes); /* false: listing_more() is called when there is room */
void memory_out_done(struct session *session);
/* After submitting.bytes has grown: 0, or negative with a sentence for the submitter. */
int memory_submitting(struct session *session, struct error *err);

void session_pace(struct session *session); /* session.c: whether its next request is taken now */

/* ---- listing.c */
void listing_begin(struct session *session, const struct listing *listing);
void listing_more(struct session *session); /* what was sent is read */
void listing_end(struct session *session, uint16_t tag, int r, const struct error *error); /* END, or ERROR where r < 0 */

/* ---- from_submit.c, from_client.c and show.c */
void from_submit(struct session *session, uint16_t tag, const void *message);
void from_submit_file(struct session *session, uint16_t tag, const void *message);
void from_cancel(struct session *session, uint16_t tag, const void *message);
void from_node_drain(struct session *session, uint16_t tag, const void *message);
void from_node_resume(struct session *session, uint16_t tag, const void *message);
void from_fetch(struct session *session, uint16_t tag, const void *message);
void from_status(struct session *session, uint16_t tag, const void *message);
void from_show(struct session *session, uint16_t tag, const void *message);
void from_nodes(struct session *session, uint16_t tag, const void *message);
void from_wait(struct session *session, uint16_t tag, const void *message);
void submitting_clear(struct submitting *submitting);

/* Tells the session's watches of what changed; a job that has ended at once, others by the timer. */
void watches_tell(struct session *session, bool all);
void job_changed(struct server *server, uint64_t job);

/* The job's message: 0, or STORE_NONE; negative with a sentence. */
int job_message(struct server *server, uint64_t id, fq_Job *ret, struct error *err);
