/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options of fqworkerd: one row each, in the order of --help, the shipped file and the man page. */
#include "conf/worker_settings.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "conf/places.h"
#include "conf/roots.h"

#define FIELD(field) OPTION_FIELD(struct worker_settings, field)
#define OFFSET(field) offsetof(struct worker_settings, field)

#define NAME_MAX_BYTES 64 /* of a node, on the wire and in tables */
#define SLOTS_MAX 1024
#define SECOND UINT64_C(1000)
#define MINUTE (60 * SECOND)
#define DAY (24 * 60 * MINUTE)

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
		"first dot.",
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
                "use.",
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
	.help = "Memory (address space) that the process of a slot may have, at least 256M; 0 means no limit.",
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
		"given back.",
	FIELD(drain_timeout_ms),
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

/* The cores that this process may use, which under a batch system are fewer than the machine has. */
static uint64_t count_cores(void)
{
	cpu_set_t set;
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t cores = online > 0 ? (uint64_t)online : 1;

	if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
		cores = (uint64_t)CPU_COUNT(&set);
	return cores < SLOTS_MAX ? cores : SLOTS_MAX;
}

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
	char host[256] = "";

	if (settings->name[0] != '\0')
		return 0;
	if (gethostname(host, sizeof host - 1) < 0)
		host[0] = '\0';
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

#define SLOT_MEMORY_MIN (UINT64_C(256) << 20) /* program, libraries, and the counters of long reads */

static int check_memory(const struct conf *conf, uint64_t memory, struct error *err)
{
	if (memory == 0 || memory >= SLOT_MEMORY_MIN)
		return 0;
	return error_set(err, -ERANGE, place_class(conf, OFFSET(slot_memory), OFFSET(slot_memory)),
	                 "slot_memory: %" PRIu64 " bytes are too few to count with: right is 0 for no limit, or at least 256M", memory);
}

#define TEXT_MEMORY_MIN (UINT64_C(32) << 20) /* for each slot: a slice of 1 MiB at the usual ratios */
#define TEXT_MEMORY (UINT64_C(128) << 20)

static int place_text_memory(const struct conf *conf, struct worker_settings *settings, struct error *err)
{
	if (settings->text_memory == 0)
		settings->text_memory = TEXT_MEMORY * settings->slots;
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
	int r;

	r = place_state(conf, OFFSET(state), err);
	if (r >= 0)
		r = place_host(conf, OFFSET(host), settings->state, err);
	if (r >= 0)
		r = place_port(conf, OFFSET(host), OFFSET(port), err);
	if (r >= 0)
		r = place_name(settings, err);
	if (r >= 0)
		r = check_name(conf, settings->name, err);
	if (r >= 0)
		r = check_roots(conf, &settings->roots, err);
	if (r >= 0)
		r = check_memory(conf, settings->slot_memory, err);
	if (r >= 0)
		r = place_key(&settings->key, settings->state, "worker.key", err);
	if (r >= 0)
		r = check_gate(conf, settings, err);
	if (r >= 0)
		r = place_gate(&settings->gate, err);
	if (r >= 0 && settings->slots == 0 && !settings->gate_only)
		settings->slots = count_cores();
	if (r >= 0)
		r = place_text_memory(conf, settings, err);
	return r;
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

	return roots_print(out, &settings->roots);
}

const struct conf_program worker_program = {
    .table = &worker_table,
    .file = FQ_CONF_DIR "/fqworkerd.conf",
    .usage = "fqworkerd [OPTION]... -h HOST\n       fqworkerd [OPTION]... --join HOST TOKEN",
    .summary = "Worker of fqcluster: counts slices of FASTQ files for the coordinator on HOST.",
    .rest_max = 2,
    .check = worker_check,
    .describe = worker_describe,
};

void worker_settings_deinit(struct worker_settings *settings)
{
	conf_deinit(&worker_table, settings);
}
