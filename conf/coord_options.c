/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options of fqcoordd: one row each, in the order of --help, the shipped file and the man page. */
#include "conf/coord_settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "conf/places.h"
#include "lib/base/cleanup.h"

#define FIELD(field) OPTION_FIELD(struct coord_settings, field)
#define OFFSET(field) offsetof(struct coord_settings, field)

#define SECOND UINT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* clang-format off: a row reads best as it is written */
static const struct option_row rows[] = {
    {
	.key = "state",
	.long_name = "state",
	.argument = "DIR",
	.type = OPTION_PATH,
	.default_text = "/var/lib/fqcluster/coord",
	.smallest = 1,
	.help = "Folder of the database, the key and the peers file, on a local disk; a service "
                "has it from systemd.",
	FIELD(state),
    },
    {
	.key = "listen",
	.long_name = "listen",
	.argument = "ADDRESS[:PORT]",
	.type = OPTION_ADDRESS,
	.default_text = "[::]:5381",
	.smallest = 1,
	.port = 5381,
	.help = "Address and port on which workers and clients are awaited, where systemd hands over no "
                "sockets.",
	FIELD(listen),
    },
    {
	.key = "socket",
	.long_name = "socket",
	.argument = "PATH",
	.type = OPTION_PATH,
	.largest = 107,
	.help = "Unix socket for fqctl on this host, where systemd hands over no sockets; empty means "
                "ctl.sock in the state folder.",
	FIELD(socket),
    },
    {
	.key = "status_listen",
	.long_name = "status-listen",
	.argument = "ADDRESS[:PORT]",
	.type = OPTION_ADDRESS,
	.port = 5382,
	.help = "Address and port of the status page and metrics by HTTP, where systemd hands over no socket for them; empty means "
                "that there are none. Others than loopback ask for a token.",
	FIELD(status_listen),
    },
    {
	.key = "status_token",
	.long_name = "status-token",
	.argument = "FILE",
	.type = OPTION_PATH,
	.help = "File whose first line is the token that who asks for the status page must show; empty means status.token in "
                "the state folder. Where there is none, none is asked for.",
	FIELD(status_token),
    },
    {
	.key = "key",
	.long_name = "key",
	.argument = "FILE",
	.type = OPTION_PATH,
	.help = "The coordinator's private key (PEM); empty means the credential coord.key of the "
                "service where there is "
		"one, else key.pem in the state folder.",
	FIELD(key),
    },
    {
	.key = "ping",
	.long_name = "ping",
	.argument = "DURATION",
	.type = OPTION_DURATION,
	.default_text = "1s",
	.smallest = 100,
	.largest = MINUTE,
	.help = "How often a peer is pinged when nothing else is sent.",
	FIELD(ping_ms),
    },
    {
	.key = "dead",
	.long_name = "dead",
	.argument = "DURATION",
	.type = OPTION_DURATION,
	.default_text = "5s",
	.smallest = 300,
	.largest = 10 * MINUTE,
	.help = "A peer that is silent for so long is gone, and its slices go to others; at least "
                "twice ping.",
	FIELD(dead_ms),
    },
    {
	.key = "stall",
	.long_name = "stall",
	.argument = "DURATION",
	.type = OPTION_DURATION,
	.default_text = "1m",
	.smallest = 100,
	.largest = DAY,
	.help = "A slice without progress for so long is taken from its node.",
	FIELD(stall_ms),
    },
    {
	.key = "open",
	.long_name = "open",
	.argument = "DURATION",
	.type = OPTION_DURATION,
	.default_text = "30s",
	.smallest = 100,
	.largest = HOUR,
	.help = "A node that has not opened a file for so long is passed over, and another one is "
                "asked.",
	FIELD(open_ms),
    },
    {
	.key = "straggler",
	.long_name = "straggler",
	.argument = "DURATION",
	.type = OPTION_DURATION,
	.default_text = "30s",
	.smallest = 0,
	.largest = DAY,
	.help = "A slice that takes longer than this and three times as long as others of its job, or "
                "comes forward at less than 30% of their pace, is counted by a second node as well "
                "where one has nothing to do; 0 turns that off.",
	FIELD(straggler_ms),
    },
    {
	.key = "split_gzip",
	.long_name = "split-gzip",
	.argument = "WHEN",
	.type = OPTION_CHOICE,
	.default_text = "auto",
	.choices = "auto|always|never",
	.help = "Cut ordinary gzip files into slices, which many slots count at once: where enough slots are for "
                "them and the file is large enough (auto), always, or never. A job may say otherwise.",
	FIELD(split_gzip),
    },
    {
	.key = "audit_percent",
	.long_name = "audit-percent",
	.argument = "N",
	.type = OPTION_NUMBER,
	.default_text = "1",
	.smallest = 0,
	.largest = 100,
	.unit = "percent",
	.help = "So many of 100 slices are counted by a second node as well, to find nodes that count "
                "wrongly; each costs the work of a slice.",
	FIELD(audit_percent),
    },
    {
	.key = "slice_min",
	.long_name = "slice-min",
	.argument = "SIZE",
	.type = OPTION_SIZE,
	.default_text = "8M",
	.smallest = 1,
	.largest = UINT64_C(1) << 40,
	.help = "Smallest slice of a file in bytes where the job names no size.",
	FIELD(slice_min),
    },
    {
	.key = "slice_max",
	.long_name = "slice-max",
	.argument = "SIZE",
	.type = OPTION_SIZE,
	.default_text = "512M",
	.smallest = 1,
	.largest = UINT64_C(1) << 40,
	.help = "Largest slice of a file in bytes where the job names no size; at least slice_min.",
	FIELD(slice_max),
    },
    {
	.key = "read_max",
	.long_name = "read-max",
	.argument = "SIZE",
	.type = OPTION_SIZE,
	.default_text = "256M",
	.smallest = 1,
	.largest = UINT64_C(256) << 20,
	.unit = "bases",
	.help = "Longest read that is accepted.",
	FIELD(read_max),
    },
    {
	.key = "crashes_max",
	.long_name = "crashes-max",
	.argument = "N",
	.type = OPTION_NUMBER,
	.default_text = "3",
	.smallest = 1,
	.largest = 100,
	.unit = "crashes",
	.help = "A slice that crashed its reader so often fails the job.",
	FIELD(crashes_max),
    },
    {
	.key = "losses_max",
	.long_name = "losses-max",
	.argument = "N",
	.type = OPTION_NUMBER,
	.default_text = "12",
	.smallest = 1,
	.largest = 10000,
	.unit = "losses",
	.help = "A slice that was lost with its node so often fails the job.",
	FIELD(losses_max),
    },
    {
	.key = "jobs_max",
	.long_name = "jobs-max",
	.argument = "N",
	.type = OPTION_NUMBER,
	.default_text = "1000",
	.smallest = 1,
	.largest = 1000000,
	.unit = "jobs",
	.help = "Unfinished jobs that one owner may have.",
	FIELD(jobs_max),
    },
    {
	.key = "files_max",
	.long_name = "files-max",
	.argument = "N",
	.type = OPTION_NUMBER,
	.default_text = "10000",
	.smallest = 1,
	.largest = 1000000,
	.unit = "files",
	.help = "Files that one job may have.",
	FIELD(files_max),
    },
    {
	.key = "slices_max",
	.long_name = "slices-max",
	.argument = "N",
	.type = OPTION_NUMBER,
	.default_text = "1000000",
	.smallest = 1,
	.largest = 100000000,
	.unit = "slices",
	.help = "Slices into which one file may be cut; the slices of a larger one grow.",
	FIELD(slices_max),
    },
    {
	.key = "files_owner_max",
	.long_name = "files-owner-max",
	.argument = "N",
	.type = OPTION_NUMBER,
	.default_text = "100000",
	.smallest = 1,
	.largest = 10000000,
	.unit = "files",
	.help = "Files that the unfinished jobs of one owner may have together.",
	FIELD(files_owner_max),
    },
    {
	.key = "slices_owner_max",
	.long_name = "slices-owner-max",
	.argument = "N",
	.type = OPTION_NUMBER,
	.default_text = "1000000",
	.smallest = 16,
	.largest = 100000000,
	.unit = "slices",
	.help = "Slices that the files of one owner may have together while they are counted; one that "
                "would exceed it is cut into larger ones, and further files wait.",
	FIELD(slices_owner_max),
    },
    {
	.key = "result_max",
	.long_name = "result-max",
	.argument = "SIZE",
	.type = OPTION_SIZE,
	.default_text = "256M",
	.smallest = 64 << 10,
	.largest = 950 << 20,
	.help = "Largest result of one slice in bytes that is taken; a read of N bases needs about 7 N.",
	FIELD(result_max),
    },
    {
	.key = "results_memory",
	.long_name = "results-memory",
	.argument = "SIZE",
	.type = OPTION_SIZE,
	.default_text = "1G",
	.smallest = 64 << 10,
	.largest = UINT64_C(1) << 40,
	.help = "Results in bytes that are kept in memory while they come from workers, and as many "
                "while they go to clients; what is beyond has to wait. At least result_max.",
	FIELD(results_memory),
    },
    {
	.key = "connections_max",
	.long_name = "connections-max",
	.argument = "N",
	.type = OPTION_NUMBER,
	.default_text = "4096",
	.smallest = 2,
	.largest = 1000000,
	.unit = "connections",
	.help = "Connections that are held at a time.",
	FIELD(connections_max),
    },
    {
	.key = "unauthenticated_max",
	.long_name = "unauthenticated-max",
	.argument = "N",
	.type = OPTION_NUMBER,
	.default_text = "256",
	.smallest = 1,
	.largest = 100000,
	.unit = "connections",
	.help = "Connections that may wait at a time for the proof of who they are.",
	FIELD(unauthenticated_max),
    },
    {
	.key = "unauthenticated_per_address",
	.long_name = "unauthenticated-per-address",
	.argument = "N",
	.type = OPTION_NUMBER,
	.default_text = "16",
	.smallest = 1,
	.largest = 100000,
	.unit = "connections",
	.help = "How many of these may come from one address.",
	FIELD(unauthenticated_per_address),
    },
    {
	.key = "handshake",
	.long_name = "handshake",
	.argument = "DURATION",
	.type = OPTION_DURATION,
	.default_text = "5s",
	.smallest = 100,
	.largest = 5 * MINUTE,
	.help = "A connection that has not proved who it is after so long is closed.",
	FIELD(handshake_ms),
    },
    {
	.key = "proof",
	.long_name = "proof",
	.argument = "WHOM",
	.type = OPTION_CHOICE,
	.default_text = "all",
	.choices = "all|client|none",
	.help = "Of whom a proof is demanded that he can read the files that he submits: all, client (administrators "
                "are believed) or none.",
	FIELD(proof),
    },
    {
	.key = "keep",
	.long_name = "keep",
	.argument = "DURATION",
	.type = OPTION_DURATION,
	.default_text = "30d",
	.smallest = MINUTE,
	.largest = 3650 * DAY,
	.help = "Finished jobs and their results are kept for so long.",
	FIELD(keep_ms),
    },
    {
	.key = "cache_size",
	.long_name = "cache-size",
	.argument = "SIZE",
	.type = OPTION_SIZE,
	.default_text = "10G",
	.largest = 1ULL << 50,
	.help = "Bytes of results that are kept for later jobs: a file that has not changed is not counted again. Those not used for "
                "longest go first; 0 keeps none.",
	FIELD(cache_size),
    },
    {
	.key = "cache_age",
	.long_name = "cache-age",
	.argument = "DURATION",
	.type = OPTION_DURATION,
	.default_text = "30d",
	.smallest = MINUTE,
	.largest = 3650 * DAY,
	.help = "They are kept until they were not used for so long.",
	FIELD(cache_age_ms),
    },
    {
	.long_name = "accept-rollback",
	.type = OPTION_BOOL,
	.help = "Start once from a state that is older than what was committed; workers forget what they "
                "hold for it.",
	FIELD(accept_rollback),
    },
    {
	.long_name = "backup",
	.argument = "DIR",
	.type = OPTION_PATH,
	.help = "Write a copy of the state to the new folder DIR and exit; the coordinator may run.",
	FIELD(backup),
    },
    {
	.long_name = "restore",
	.argument = "DIR",
	.type = OPTION_PATH,
	.help = "Put the copy in the folder DIR in the state's place and exit; the coordinator must "
                "not run.",
	FIELD(restore),
    },
    {
	.long_name = "print-pin",
	.type = OPTION_BOOL,
	.help = "Print the pin of the coordinator's key, which is made where there is none, and exit; for "
                "the known files of nodes and people.",
	FIELD(print_pin),
    },
    {
	.long_name = "verbose",
	.letter = 'v',
	.type = OPTION_BOOL,
	.help = "Log each step too, not only what an operator needs to know.",
	FIELD(verbose),
    },
};
/* clang-format on */

static int place_socket(struct coord_settings *settings, struct error *err)
{
	char path[108];

	if (settings->socket[0] != '\0')
		return 0;
	if ((size_t)snprintf(path, sizeof path, "%s/ctl.sock", settings->state) >= sizeof path)
		return error_set(err, -ENAMETOOLONG, ERROR_CONFIG,
		                 "socket: %s/ctl.sock is too long for a unix socket: right is a "
		                 "shorter state folder, or "
		                 "socket with at most 107 bytes",
		                 TEXT(settings->state));
	return conf_replace(&settings->socket, path, err);
}

static int place_token(struct coord_settings *settings, struct error *err)
{
	_cleanup_(freep) char *path = NULL;

	if (settings->status_token[0] != '\0')
		return 0;
	if (asprintf(&path, "%s/status.token", settings->state) < 0)
		return error_oom(err);
	return conf_replace(&settings->status_token, path, err);
}

static int coord_finish(struct conf *conf, struct error *err)
{
	struct coord_settings *settings = conf->settings;
	int r;

	if (settings->slice_min > settings->slice_max)
		return error_set(
		    err, -EINVAL, place_class(conf, OFFSET(slice_min), OFFSET(slice_max)),
		    "slice_min is above slice_max: right is slice_min at most slice_max");
	if (settings->results_memory < settings->result_max)
		return error_set(err, -EINVAL, place_class(conf, OFFSET(results_memory), OFFSET(result_max)),
		                 "results_memory is below result_max: right is results_memory at least result_max");
	if (settings->dead_ms < 2 * settings->ping_ms)
		return error_set(err, -EINVAL, place_class(conf, OFFSET(dead_ms), OFFSET(ping_ms)),
		                 "dead is below twice ping, so that peers in good health would be "
		                 "taken for gone: right is "
		                 "dead at least twice ping");
	if ((settings->backup[0] != '\0') + (settings->restore[0] != '\0') + settings->print_pin > 1)
		return error_set(err, -EINVAL, ERROR_USAGE, "--backup, --restore and --print-pin are different things: right is one of them");
	r = place_state(conf, OFFSET(state), err);
	if (r >= 0)
		r = place_socket(settings, err);
	if (r >= 0)
		r = place_token(settings, err);
	if (r >= 0)
		r = place_key(&settings->key, settings->state, "coord.key", err);
	return r;
}

const struct option_table coord_table = {
    .name = "fqcoordd",
    .rows = rows,
    .n = sizeof rows / sizeof *rows,
    .settings_size = sizeof(struct coord_settings),
    .finish = coord_finish,
};

const struct conf_program coord_program = {
    .table = &coord_table,
    .file = FQ_CONF_DIR "/fqcoordd.conf",
    .usage = "fqcoordd [OPTION]...",
    .summary = "Coordinator of fqcluster: takes jobs from fqctl, gives slices of their files to "
               "fqworkerd, merges the counts.",
};

void coord_settings_deinit(struct coord_settings *settings)
{
	conf_deinit(&coord_table, settings);
}
