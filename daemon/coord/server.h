/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The coordinator around its core: everything that one running fqcoordd has.
 *
 *     socket (server.c) -> session (session.c: who is it, may he) -> from_worker.c / from_client.c: message to event
 *         -> drive.c: coord_step(), its actions: store, one commit, then what waited for it -> to_worker.c, session -> socket
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "conf/coord_settings.h"
#include "daemon/budget.h"
#include "daemon/coord/context.h"
#include "daemon/coord/core.h"
#include "daemon/coord/metrics.h"
#include "daemon/coord/store.h"
#include "daemon/peer.h"
#include "daemon/service.h"
#include "lib/base/rate.h"
#include "lib/qc/profiles.h"
#include "lib/wire/connection.h"
#include "lib/wire/trust.h"

struct session;

/* The packed counters of the result at hand: SAVE_SLICE, or SAVE_AGAIN, of the same slice takes them. */
struct stash {
	uint64_t job, slice;
	uint32_t file;
	bool again; /* its second count */
	const uint8_t *bytes;
	size_t n;
	struct counters *counters; /* the same, unpacked: taken with them */
	const uint8_t *window;     /* packed, of a slice of a gzip stream; otherwise NULL */
	size_t window_n;
};

/* The status page as it was made last. */
struct page_kept {
	char *bytes; /* NULL: none */
	size_t n;
	bool whole;
	uint64_t made_ms;
};

/* A result that is being read in turns: reading.c. Begun with all else zero; what was read is the asker's to take or drop. */
struct reading {
	uint64_t job;
	uint32_t file;
	bool hashed;                /* the digest is asked for */
	size_t max;                 /* bytes that it may have; 0: any */
	void (*done)(void *data);   /* called once, never out of reading_begin(); not of one that is dropped */
	void *data;
	/* when it is done */
	int r;                      /* 0, STORE_NONE, or negative with a sentence */
	struct error error;
	uint8_t *bytes;             /* NULL: r is not 0 */
	size_t n;
	uint8_t sha256[DIGEST_SIZE];
	/* reading.c's own */
	struct reading *next;
	bool waits, open;
	size_t at;
	unsigned int tries;
	struct digest *digest;
};

struct errand;
struct rendering;

#define LISTENERS_MAX 8
#define SESSION_BUCKETS 1024
#define DISTRUSTED_MAX 256

/* The key of a worker that gets nothing more, and why. */
struct distrusted {
	uint8_t pin[PIN_SIZE];
	char name[PEER_NAME_MAX]; /* of the node */
	bool batch;               /* it said that it is a batch system's job */
	char reason[256];
};

struct server {
	const struct coord_settings *settings;
	struct service *service;
	struct store *store;
	struct coord *coord;
	struct key *key;
	struct tls *tls;
	struct peers peers;
	struct profiles profiles; /* of limits, by name */
	char *peers_path, *listening_path, *status_path;

	sd_event_source *listeners[LISTENERS_MAX];
	uint32_t listeners_n;
	struct session *sessions; /* list */
	struct session *numbered[SESSION_BUCKETS]; /* the same by number: lists through same_bucket */
	uint32_t sessions_n;
	uint32_t watches_n;       /* of all sessions */
	uint64_t aged_ms, aged_wall_ms; /* when old jobs were last looked for, monotonic and since 1970; 0: never */
	uint64_t next_session;    /* number of the next one: from 1, never used again */

	sd_event_source *tick, *commit, *changes, *expire, *again, *strangers, *pace, *room; /* timers */
	struct probe *probes;     /* probe.c: list */
	uint32_t probes_made;
	sd_event_source *probing; /* timer */
	sd_event_source *grouping; /* group_work.c: timer */
	struct reading *readings;  /* reading.c: list, in the order of asking */
	sd_event_source *reading;  /* timer */
	struct errand *errand;     /* errand.c: that is on its way; NULL: none */
	struct rendering *renderings; /* http_render.c: list, in the order of asking */
	sd_event_source *fall; /* fall.c: deferred */
	bool fallen;           /* the core is ahead of the disk, or (coord NULL) there is none: nothing is driven */
	bool fallen_told;      /* in the log */
	bool hold;             /* there is no room for anything new */
	uint64_t looked_ms;    /* when that was seen */
	struct backup *backup; /* that is being made */
	bool told_older;        /* that a worker has seen a start above this one */
	sd_event_source *grants;                           /* deferred: results that waited for memory */
	uint64_t submitting_room;                          /* bytes of submissions that may come before they are added up, in memory.c */
	struct budget incoming, outgoing;                  /* bytes of results, in memory.c */
	uint64_t connections_max;                          /* what the settings and the limit of descriptors allow */
	int spare;                                         /* a descriptor for when there is none, in listen.c */
	struct rate stranger_lines, listener_lines;                        /* of the log */
	unsigned int turns;                                /* of work in turns, in timer_again() */
	uint64_t deaf_ms;                                  /* time in which nobody was listened to, in pulse.c */
	uint64_t awake_ms;                                 /* from then on it is such time, unless the timer has fired; 0: it waits for nothing */
	uint64_t cache_hits, cache_misses;                 /* since the start: files whose result was kept, and whose was not */
	struct stash stash;
	struct distrusted *distrusted; /* DISTRUSTED_MAX, the newest take the place of the oldest; NULL: none yet */
	uint64_t distrusted_n;          /* that there were */
	struct contexts contexts;
	struct metrics metrics;
	struct page_kept status_kept;
	struct http *http;                                 /* http.c: NULL: there is no status page */
	struct action *held;                               /* what waits for the commit, in order */
	uint32_t held_n, held_room;
};

/* ---- server.c */

/* Opens state, key and sockets and puts all of it on the loop; server_deinit() also after failure. */
int server_init(struct server *server, const struct coord_settings *settings, struct service *service, struct error *err);
void server_deinit(struct server *server);
int server_reload(struct server *server, struct error *err); /* the peers file; sessions of keys that are gone end */
void server_status(struct server *server);                   /* tells systemd what goes on, in words */

int core_begin(struct server *server, struct error *err);    /* a new core, of what is committed */

int timer_add(struct server *server, sd_event_source **ret, sd_event_time_handler_t handler, bool now, struct error *err);
/*
 * Work in turns goes on: at once, but behind what is pending, for which a deferred source would not do, as that is pending since it was
 * first enabled. Some turns later also behind what has a lower priority (the status page), which would never come to its turn otherwise.
 */
void timer_again(struct server *server, sd_event_source *timer);

/* ---- labour.c */

/* Long work: see there. What it returns, and its sentence. */
typedef int (*labour_fn)(void *data, struct error *err);
int labour(struct server *server, labour_fn work, void *data, struct error *err);

#define LABOUR_BYTES (1u << 20) /* packed counters of so many bytes are long work: some tens of milliseconds */

/* ---- errand.c: work on nothing that the loop has or changes, in a thread of its own, while the loop goes on */
typedef void (*errand_fn)(void *data);

/* work in the thread, then done in the loop. One at a time: -EBUSY; or another negative errno. */
int errand_begin(struct server *server, errand_fn work, errand_fn done, void *data);
void errand_end(struct server *server); /* waits for the work; done is not called */

/* ---- reading.c */
int readings_init(struct server *server, struct error *err);
void reading_begin(struct server *server, struct reading *reading);
void reading_drop(struct server *server, struct reading *reading); /* also one that is done or was never begun */
void readings_end(struct server *server);                          /* all are done, with a sentence */

/* ---- pulse.c */
uint64_t server_now(const struct server *server);         /* the core's clock: monotonic ms, without those in which nobody is listened to */
void pulse_skip(struct server *server, uint64_t ms);      /* so many more, until now */
void pulse_arm(struct server *server);                    /* behind each step: the timer, for the core's deadline */
void pulse_stop(struct server *server);                   /* there is no core */
int pulse_beat(sd_event_source *source, uint64_t usec, void *userdata);

/* ---- memory.c */
int memory_init(struct server *server, struct error *err);
void memory_deinit(struct server *server);

/* ---- strangers.c */

/* A line about somebody who has not said who he is: at most 200 bytes, and not many of them, however many there are. */
void stranger_line(struct server *server, int level, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* ---- listen.c */
int listen_init(struct server *server, struct error *err);
void listen_deinit(struct server *server);

/* ---- http.c: status page and metrics */

/*
 * Answers on this listening socket, of which it takes over the descriptor, also after failure. -EPERM (ERROR_CONFIG): others than this
 * host could connect, and there is no token.
 */
int http_init(struct server *server, int fd, struct error *err);
int http_reload(struct server *server, struct error *err); /* the token */
void http_deinit(struct server *server);

/* ---- drive.c */

/* One event through the core and all that follows. Where the store fails nothing of it was told: see fall.c. */
void drive(struct server *server, struct event *event);
void drive_merged(struct server *server, const struct event *merged); /* the same of a group; its list is taken over */
int drive_begin(struct server *server, struct error *err); /* loads the core, and does what follows */
int drive_commit(struct server *server);                   /* now, and lets go what waited; negative: it has fallen, say nothing */
int drive_check(struct server *server);                    /* behind calls of the store that are no event: whether it has failed */

/* ---- fall.c */
int fall_init(struct server *server, struct error *err);
void fall_deinit(struct server *server);
void die(const struct error *error) __attribute__((noreturn));

/* The store has failed (err, where store_failure() knows nothing): ends the process, or takes back what is not committed: -ENOSPC. */
int fall(struct server *server, const struct error *err);
void room_look(struct server *server);  /* and tells the core when there is none, or some again */
void room_check(struct server *server); /* the same, when it was not looked at for a second */

/* ---- profiles.c: reads them, at the start and again; what is wrong is told in the journal */
void profiles_begin(struct server *server);

/* ---- probe.c */
int probe_init(struct server *server, struct error *err);
void probes_end(struct server *server); /* without a word to those who asked */

/* ---- backup.c */
void backup_end(struct server *server); /* the one that is being made, if any */

/* ---- merge.c */

/*
 * Merges the counters of the file's slices into its result, in the open transaction, or tells which are to be counted again;
 * *ret is the event to give. Its list is the caller's to free with merge_free().
 */
void merge_file(struct server *server, uint64_t job, uint32_t file, const struct chain *chain, struct event *ret);
void merge_free(struct event *event);
void merge_failed(struct server *server, struct event *ret); /* its error says why */
int merge_list(const struct again *again, size_t n, int field, struct event *ret); /* they are to be counted again. 0 or negative */

/* ---- group_work.c: merging groups, in steps between which all else is done */
int group_work_init(struct server *server, struct error *err);
void group_work_want(struct server *server, uint64_t job, uint32_t file); /* drive_merged() is to follow, unless it ends before */
