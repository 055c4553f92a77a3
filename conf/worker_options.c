/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options of fqworkerd: one row each, in the order of --help, the shipped file and the man page. */
#include "conf/worker_settings.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "conf/places.h"
#include "conf/roots.h"
#include "conf/worker_room.h"
#include "lib/base/cleanup.h"
#include "lib/base/confines.h"

#define FIELD(field) OPTION_FIELD(struct worker_settings, field)
#define OFFSET(field) offsetof(struct worker_settings, field)

#define NAME_MAX_BYTES 64 /* of a node, on the wire and in tables */
#define SLOTS_MAX 1024
#define SECOND UINT64_C(1000)
#define MINUTE (60 * SECOND)
#define DAY (24 * 60 * MINUTE)
#define BATCH_DRAIN_MS (25 * SECOND) /* most batch systems kill 30 s after they have asked */

/* clang-format off: a row reads best as it is written */
static const struct option_row rows[] = {
    {
	.key = "host",
	.long_name = "host",
	.letter = 'h',
	.argument = "HOST[:PORT]",
	.type = OPTION_ADDRESS,
	.help = "The coordinator's host; empty means the one that was joined last.",
	FIELD(host),
    },
    {
	.key = "port",
	.long_name = "port",
	.letter = 'p',
	.argument = "PORT",
	.type = OPTION_NUMBER,
	.default_text = "5381",
	.smallest = 1,
	.largest = 65535,
	.help = "The coordinator's port where host names none.",
	FIELD(port),
    },
    {
	.key = "name",
	.long_name = "name",
	.argument = "NAME",
	.type = OPTION_STRING,
	.largest = NAME_MAX_BYTES,
	.help = "Name of this node, of letters, digits, dots, dashes and underscores; empty means "
                "the host's name up to its "
		"first dot, with --batch followed by the job's.",
	FIELD(name),
    },
    {
	.key = "slots",
	.long_name = "slots",
	.letter = 'n',
	.argument = "N",
	.type = OPTION_NUMBER,
	.default_text = "0",
	.largest = SLOTS_MAX,
	.unit = "slots",
	.help = "Slices that are counted at a time; 0 means one for each core that the process may "
                "use, by its affinity mask, the quota of its control groups, and with --batch what the batch system says.",
	FIELD(slots),
    },
    {
	.key = "gate",
	.long_name = "gate",
	.argument = "PATH",
	.type = OPTION_STRING,
	.largest = 107,
	.help = "Unix socket by which users of this host reach the coordinator without keys, where it lets this node vouch for them; "
		"empty means ctl.sock in the runtime folder of the service where there is one, \"none\" means none.",
	FIELD(gate),
    },
    {
	.key = "gate_only",
	.long_name = "gate-only",
	.type = OPTION_BOOL,
	.help = "Count nothing here and be no node, only let users of this host in: for a login host.",
	FIELD(gate_only),
    },
    {
	.key = "state",
	.long_name = "state",
	.argument = "DIR",
	.type = OPTION_PATH,
	.default_text = "/var/lib/fqcluster/worker",
	.smallest = 1,
	.help = "Folder of this node's key and the coordinators it knows; a service has it from "
                "systemd.",
	FIELD(state),
    },
    {
	.key = "key",
	.long_name = "key",
	.argument = "FILE",
	.type = OPTION_PATH,
	.help = "This node's private key (PEM); empty means the credential worker.key of the "
                "service where there is one, "
		"else key.pem in the state folder.",
	FIELD(key),
    },
    {
	.key = "known",
	.long_name = "known",
	.argument = "FILE",
	.type = OPTION_PATH,
	.help = "Coordinators and their keys, as joining notes them; empty means known in the state folder, with --batch and a key "
		"the one beside the key.",
	FIELD(known),
    },
    {
	.key = "roots",
	.long_name = "roots",
	.argument = "SITE[=LOCAL][:links]",
	.type = OPTION_LIST,
	.default_text = "/",
	.smallest = 1,
	.help = "Folders beneath which files may be opened: SITE as the site names it, LOCAL where it lies here, "
		":links to follow symbolic links below it; the option may be given more than once.",
	FIELD(roots),
    },
    {
	.key = "open_timeout",
	.long_name = "open-timeout",
	.argument = "DURATION",
	.type = OPTION_DURATION,
	.default_text = "20s",
	.smallest = 100,
	.largest = DAY,
	.help = "How long opening a file may take before its storage is taken for dead.",
	FIELD(open_timeout_ms),
    },
    {
	.key = "stall",
	.long_name = "stall",
	.argument = "DURATION",
	.type = OPTION_DURATION,
	.default_text = "45s",
	.smallest = 100,
	.largest = DAY,
	.help = "How long the count of a slice may make no progress before it is ended; less than the coordinator's stall.",
	FIELD(stall_ms),
    },
    {
	.key = "slot_memory",
	.long_name = "slot-memory",
	.argument = "SIZE",
	.type = OPTION_SIZE,
	.default_text = "0",
	.largest = UINT64_C(16) << 40,
	.help = "Memory (address space) that the process of a slot may have, at least 256M; 0 means no limit, with --batch an even "
		"part of what the job may use.",
	FIELD(slot_memory),
    },
    {
	.key = "text_memory",
	.long_name = "text-memory",
	.argument = "SIZE",
	.type = OPTION_SIZE,
	.default_text = "0",
	.largest = UINT64_C(16) << 40,
	.help = "Memory for inflated text of slices of gzip files that cannot be counted yet, at least 32M for each slot; 0 means 128M for "
		"each slot.",
	FIELD(text_memory),
    },
    {
	.key = "drain_timeout",
	.long_name = "drain-timeout",
	.argument = "DURATION",
	.type = OPTION_DURATION,
	.default_text = "30s",
	.largest = DAY,
	.help = "How long the slices that are being counted may take when the worker is told to "
                "stop, before they are "
		"given back; with --batch 25s unless it is set.",
	FIELD(drain_timeout_ms),
    },
    {
	.key = "idle_exit",
	.long_name = "idle-exit",
	.argument = "DURATION",
	.type = OPTION_DURATION,
	.default_text = "0s",
	.largest = 30 * DAY,
	.help = "Leave after so long without a slice in hand or anything to open, or without a coordinator; 0 means to stay.",
	FIELD(idle_exit_ms),
    },
    {
	.key = "reconnect_max",
	.long_name = "reconnect-max",
	.argument = "DURATION",
	.type = OPTION_DURATION,
	.default_text = "5s",
	.smallest = 100,
	.largest = 10 * MINUTE,
	.help = "Longest pause between two attempts to reach the coordinator.",
	FIELD(reconnect_max_ms),
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
	.long_name = "batch",
	.type = OPTION_BOOL,
	.help = "Be a job of a batch system: its processors and memory, a state folder of its own that goes at the end, no gate, a name "
		"after the job, and forgotten by the coordinator once it has left.",
	FIELD(batch),
    },
    {
	.long_name = "token-file",
	.argument = "FILE",
	.type = OPTION_PATH,
	.smallest = 1,
	.help = "With --batch: join with the token that is in this file, unless the key is enrolled already.",
	FIELD(token_file),
    },
    {
	.long_name = "join",
	.argument = "HOST TOKEN",
	.type = OPTION_BOOL,
	.help = "Enrol this node's key with the coordinator on HOST by the TOKEN that fqctl token "
                "printed, and exit.",
	FIELD(join),
    },
    {
	.long_name = "print-pin",
	.type = OPTION_BOOL,
	.help = "Print the pin of this node's key, which is made where there is none, and exit; for the "
                "coordinator's peers file.",
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

static int check_name(const struct conf *conf, const char *name, struct error *err)
{
	static const char fit[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

	if (name[0] == '\0' || name[0] == '-' || strlen(name) > NAME_MAX_BYTES ||
	    name[strspn(name, fit)] != '\0')
		return error_set(err, -EINVAL, place_class(conf, OFFSET(name), OFFSET(name)),
		                 "name: \"%s\" is no name of a node: right are 1 to %d letters, "
		                 "digits, dots, dashes and "
		                 "underscores, no dash at the beginning",
		                 TEXT(name), NAME_MAX_BYTES);
	return 0;
}

static int place_name(struct worker_settings *settings, struct error *err)
{
	char host[256] = "", name[NAME_MAX_BYTES + 1];

	if (settings->name[0] != '\0')
		return 0;
	if (gethostname(host, sizeof host - 1) < 0)
		host[0] = '\0';
	if (settings->batch) {
		batch_name(&settings->job, host, name, sizeof name);
		return conf_replace(&settings->name, name, err);
	}
	host[strcspn(host, ".")] = '\0';
	return conf_replace(&settings->name, host, err);
}

static int check_roots(const struct conf *conf, const struct conf_list *roots, struct error *err)
{
	enum error_class class = place_class(conf, OFFSET(roots), OFFSET(roots));
	int r;

	if (roots->n == 0)
		return error_set(err, -EINVAL, class,
		                 "roots: an empty list lets the worker open no file: right is "
		                 "[\"/\"] or some folders");
	r = roots_check(roots, err);
	if (r < 0 && err)
		err->class = class;
	return r;
}

static int check_gate(const struct conf *conf, const struct worker_settings *settings, struct error *err)
{
	const char *gate = settings->gate;
	bool none = strcmp(gate, WORKER_GATE_NONE) == 0;

	if (gate[0] != '\0' && gate[0] != '/' && !none)
		return error_set(err, -EINVAL, place_class(conf, OFFSET(gate), OFFSET(gate)),
		                 "gate: \"%s\" is no place for a socket: right is a path that begins with /, or " WORKER_GATE_NONE,
		                 TEXT(gate));
	if (settings->gate_only && none)
		return error_set(err, -EINVAL, place_class(conf, OFFSET(gate), OFFSET(gate_only)),
		                 "gate_only: a worker without a gate that counts nothing is of no use: right is a gate, or to count");
	if (settings->gate_only && settings->slots > 0)
		return error_set(err, -EINVAL, place_class(conf, OFFSET(slots), OFFSET(gate_only)),
		                 "gate_only: it has no slots, but slots is %" PRIu64 ": right is one of the two", settings->slots);
	return 0;
}

static int check_memory(const struct conf *conf, uint64_t memory, struct error *err)
{
	if (memory == 0 || memory >= SLOT_MEMORY_MIN)
		return 0;
	return error_set(err, -ERANGE, place_class(conf, OFFSET(slot_memory), OFFSET(slot_memory)),
	                 "slot_memory: %" PRIu64 " bytes are too few to count with: right is 0 for no limit, or at least 256M", memory);
}

/* The folder of a file, in which "host" and "known" are to be found beside a key. */
static int folder_of(const char *path, char **ret, struct error *err)
{
	const char *slash = strrchr(path, '/');
	int r = conf_replace(ret, slash ? path : ".", err);

	if (r == 0 && slash)
		(*ret)[slash == path ? 1 : slash - path] = '\0';
	return r;
}

/*
 * Where key, known coordinators and the coordinator's name are. A job with a key has them beside the key, in a folder that it shares with
 * others and does not write to; one without has them in a state folder of its own once that is made.
 */
static int place_files(struct conf *conf, struct error *err)
{
	struct worker_settings *settings = conf->settings;
	bool beside = settings->batch && settings->key[0] != '\0';
	_cleanup_(freep) char *folder = NULL;
	int r;

	settings->private_state = settings->batch && conf_source_of(conf, OFFSET(state)) == CONF_DEFAULT && !settings->join &&
	                          !settings->print_pin;
	r = place_state(conf, OFFSET(state), err);
	if (r == 0)
		r = beside ? folder_of(settings->key, &folder, err) : conf_replace(&folder, settings->state, err);
	if (r == 0 && (beside || !settings->private_state))
		r = place_host(conf, OFFSET(host), folder, err);
	if (r == 0)
		r = place_port(conf, OFFSET(host), OFFSET(port), err);
	if (r == 0 && !settings->private_state)
		r = place_key(&settings->key, settings->state, "worker.key", err);
	if (r == 0 && settings->known[0] == '\0' && (beside || !settings->private_state))
		r = place_known(&settings->known, folder, err);
	return r;
}

static int place_batch(struct conf *conf, struct error *err)
{
	struct worker_settings *settings = conf->settings;

	if (!settings->batch)
		return 0;
	if (conf_source_of(conf, OFFSET(drain_timeout_ms)) == CONF_DEFAULT)
		settings->drain_timeout_ms = BATCH_DRAIN_MS;
	if (settings->gate[0] == '\0' && conf_replace(&settings->gate, WORKER_GATE_NONE, err) < 0)
		return -ENOMEM;
	return batch_read(&settings->job, err);
}

static int check_text_memory(const struct conf *conf, const struct worker_settings *settings, struct error *err)
{
	if (settings->text_memory >= TEXT_MEMORY_MIN * settings->slots)
		return 0;
	return error_set(err, -ERANGE, place_class(conf, OFFSET(text_memory), OFFSET(text_memory)),
	                 "text_memory: %" PRIu64 " bytes are too few for %" PRIu64 " slots: right is 0 for 128M for each slot, or at least 32M "
	                 "for each",
	                 settings->text_memory, settings->slots);
}

static int worker_finish(struct conf *conf, struct error *err)
{
	struct worker_settings *settings = conf->settings;
	struct confines confines;
	int r;

	r = place_batch(conf, err);
	if (r >= 0)
		r = place_files(conf, err);
	if (r >= 0)
		r = place_name(settings, err);
	if (r >= 0)
		r = check_name(conf, settings->name, err);
	if (r >= 0)
		r = check_roots(conf, &settings->roots, err);
	if (r >= 0)
		r = check_memory(conf, settings->slot_memory, err);
	if (r >= 0)
		r = check_gate(conf, settings, err);
	if (r >= 0)
		r = place_gate(&settings->gate, err);
	if (r < 0)
		return r;
	confines_read("", &confines);
	worker_room(settings, &confines);
	return check_text_memory(conf, settings, err);
}

const struct option_table worker_table = {
    .name = "fqworkerd",
    .rows = rows,
    .n = sizeof rows / sizeof *rows,
    .settings_size = sizeof(struct worker_settings),
    .finish = worker_finish,
};

static int worker_check(const void *p, const struct conf_arguments *arguments, struct error *err)
{
	const struct worker_settings *settings = p;

	if (settings->join && arguments->rest_n != 2)
		return error_set(err, -EINVAL, ERROR_USAGE,
		                 "--join needs a HOST and a TOKEN; help is -? or --help");
	if (!settings->join && arguments->rest_n > 0)
		return error_set(err, -EINVAL, ERROR_USAGE,
		                 "there is no use for the argument %s; help is -? or --help",
		                 TEXT(arguments->rest[0]));
	if (settings->print_pin && settings->join)
		return error_set(err, -EINVAL, ERROR_USAGE, "--print-pin and --join are two things: right is one of them");
	if (settings->batch && (settings->join || settings->print_pin || settings->gate_only))
		return error_set(err, -EINVAL, ERROR_USAGE, "--batch is for a worker that counts: right is to leave it out with %s",
		                 settings->join ? "--join" : settings->print_pin ? "--print-pin" : "--gate-only");
	if (settings->token_file[0] != '\0' && !settings->batch)
		return error_set(err, -EINVAL, ERROR_USAGE, "--token-file is for --batch; a worker that stays joins once: --join HOST TOKEN");
	if (!settings->join && !settings->print_pin && settings->host.host[0] == '\0')
		return error_set(
		    err, -EINVAL, ERROR_CONFIG,
		    "no coordinator is named: right is fqworkerd --join HOST TOKEN, or -h HOST, or host = \"HOST\"; in %s",
		    worker_program.file);
	return 0;
}

static int worker_describe(FILE *out, const void *p)
{
	const struct worker_settings *settings = p;

	if (settings->confined[0] && fprintf(out, "%s.\n", settings->confined) < 0)
		return -EIO;
	return roots_print(out, &settings->roots);
}

const struct conf_program worker_program = {
    .table = &worker_table,
    .file = FQ_CONF_DIR "/fqworkerd.conf",
    .usage = "fqworkerd [OPTION]... -h HOST\n       fqworkerd [OPTION]... --batch -h HOST\n       fqworkerd [OPTION]... --join HOST TOKEN",
    .summary = "Worker of fqcluster: counts slices of FASTQ files for the coordinator on HOST.",
    .rest_max = 2,
    .check = worker_check,
    .describe = worker_describe,
};

void worker_settings_deinit(struct worker_settings *settings)
{
	conf_deinit(&worker_table, settings);
}
