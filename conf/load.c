/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Settings from defaults, a file's text and the environment. The one file that includes libconfig: it parses the text, we walk
 * over what it found and hold each setting to its row. Beware: what libconfig does silently (follow @include, cut large
 * numbers) is refused by conf_scan() before it sees the text.
 */
#include "conf/load.h"

#include <assert.h>
#include <errno.h>
#include <libconfig.h>
#include <string.h>

#include "conf/scan.h"
#include "lib/base/cleanup.h"

/* ---- defaults ---- */

static int set_default(const struct option_row *row, void *settings, struct error *err)
{
	if (row->default_text)
		return option_set_text(row, settings, row->default_text, err);
	if (row->type == OPTION_STRING || row->type == OPTION_PATH)
		return conf_replace((char **)((void *)((char *)settings + row->offset)), "", err);
	return 0; /* zero, false, none, the first choice */
}

int conf_init(struct conf *conf, const struct option_table *table, void *settings,
              struct error *err)
{
	int r;

	assert(table->n <= OPTION_ROWS_MAX);
	*conf = (struct conf){.table = table, .settings = settings, .file_source = CONF_FILE};
	memset(settings, 0, table->settings_size);
	for (size_t i = 0; i < table->n; i++) {
		r = set_default(&table->rows[i], settings, err);
		if (r < 0) {
			conf_deinit(table, settings);
			return r;
		}
	}
	return 0;
}

void conf_deinit(const struct option_table *table, void *settings)
{
	for (size_t i = 0; i < table->n; i++)
		option_clear(&table->rows[i], settings);
}

int conf_replace(char **field, const char *value, struct error *err)
{
	char *copy = strdup(value);

	if (!copy)
		return error_oom(err);
	free(*field);
	*field = copy;
	return 0;
}

/* ---- one setting of a file ---- */

static int type_error(const struct option_row *row, struct error *err)
{
	static const char *const right[OPTION_TYPE_MAX] = {
	    [OPTION_STRING] = "a text in double quotes",
	    [OPTION_PATH] = "a path in double quotes",
	    [OPTION_NUMBER] = "a whole number without quotes",
	    [OPTION_SIZE] = "a size as \"64M\" in double quotes, or a whole number",
	    [OPTION_DURATION] =
		"a duration as \"5s\" in double quotes, or a whole number of seconds",
	    [OPTION_BOOL] = "true or false without quotes",
	    [OPTION_ADDRESS] = "an address as \"HOST:PORT\" in double quotes",
	    [OPTION_LIST] = "a list of texts as [\"one\", \"two\"]",
	    [OPTION_CHOICE] = "one word in double quotes",
	};

	return error_set(err, -EINVAL, ERROR_CONFIG, "the value has the wrong type: right is %s",
	                 right[row->type]);
}

static int set_integer(const struct option_row *row, void *settings,
                       const config_setting_t *setting, struct error *err)
{
	uint64_t factor = row->type == OPTION_DURATION ? 1000 : 1, number;
	long long integer = config_setting_get_int64(setting);

	if (config_setting_get_format(setting) == CONFIG_FORMAT_HEX)
		return error_set(err, -EINVAL, ERROR_CONFIG,
		                 "the number is hexadecimal: right is a decimal one");
	if (integer < 0) {
		char text[32];

		(void)snprintf(text, sizeof text, "%lld", integer);
		return option_set_text(row, settings, text, err); /* which has the sentence */
	}
	if (__builtin_mul_overflow((uint64_t)integer, factor, &number))
		number = UINT64_MAX;
	return option_set_number(row, settings, number, err);
}

/* A list that was set before the file is emptied first: sources replace, they do not add. */
static int set_list(const struct option_row *row, void *settings, const config_setting_t *setting,
                    struct error *err)
{
	int n = config_setting_length(setting), r;

	option_clear(row, settings);
	for (int i = 0; i < n; i++) {
		const char *item = config_setting_get_string_elem(setting, i);

		if (!item)
			return type_error(row, err);
		r = option_set_text(row, settings, item, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int set_setting(const struct option_row *row, void *settings,
                       const config_setting_t *setting, struct error *err)
{
	bool quantity =
	    row->type == OPTION_NUMBER || row->type == OPTION_SIZE || row->type == OPTION_DURATION;

	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		if (quantity)
			return set_integer(row, settings, setting, err);
		break;
	case CONFIG_TYPE_BOOL:
		if (row->type == OPTION_BOOL)
			return option_set_text(row, settings,
			                       config_setting_get_bool(setting) ? "true" : "false",
			                       err);
		break;
	case CONFIG_TYPE_STRING:
		if (row->type != OPTION_NUMBER && row->type != OPTION_BOOL &&
		    row->type != OPTION_LIST)
			return option_set_text(row, settings, config_setting_get_string(setting),
			                       err);
		break;
	case CONFIG_TYPE_ARRAY:
	case CONFIG_TYPE_LIST:
		if (row->type == OPTION_LIST)
			return set_list(row, settings, setting, err);
		break;
	default: /* groups and numbers with a fraction belong to no option */
		break;
	}
	return type_error(row, err);
}

/* ---- a file's text ---- */

static size_t find_key(const struct option_table *table, const char *key)
{
	size_t i = 0;

	while (i < table->n && !(table->rows[i].key && strcmp(table->rows[i].key, key) == 0))
		i++;
	return i;
}

static int unknown_key(const struct option_table *table, struct error *err)
{
	char known[ERROR_TEXT_MAX - 256] = "";
	size_t at = 0;

	for (size_t i = 0; i < table->n && at < sizeof known; i++)
		if (table->rows[i].key)
			at += (size_t)snprintf(known + at, sizeof known - at, "%s%s",
			                       at > 0 ? ", " : "", table->rows[i].key);
	if (table->group && at < sizeof known)
		(void)snprintf(known + at, sizeof known - at, ", and the group %s", table->group->name);
	return error_set(err, -EINVAL, ERROR_CONFIG, "there is no such key for %s: right are %s",
	                 table->name, known);
}

static int load_setting(struct conf *conf, const char *name, const config_setting_t *setting, struct error *err);

static int load_settings(struct conf *conf, const char *name, const config_setting_t *settings, struct error *err)
{
	int n = config_setting_length(settings), r = 0;

	for (int i = 0; r == 0 && i < n; i++)
		r = load_setting(conf, name, config_setting_get_elem(settings, (unsigned int)i), err);
	return r;
}

/* Into conf->group, or into settings of no further use, where its values are held to their rows all the same. */
static int load_group(struct conf *conf, const char *name, const config_setting_t *setting, struct error *err)
{
	const struct option_table *table = conf->table->group;
	_cleanup_(freep) void *settings = NULL;
	struct conf checked;
	int r;

	if (conf->group)
		return load_settings(conf->group, name, setting, err);
	settings = calloc(1, table->settings_size);
	if (!settings)
		return error_oom(err);
	r = conf_init(&checked, table, settings, err);
	if (r < 0)
		return r;
	r = load_settings(&checked, name, setting, err);
	if (r == 0) {
		r = conf_finish(&checked, err);
		if (r < 0)
			error_prefix(err, "%s:%u: ", TEXT(name), (unsigned int)config_setting_source_line(setting));
	}
	conf_deinit(table, settings);
	return r;
}

static bool is_group(const struct conf *conf, const config_setting_t *setting)
{
	return conf->table->group && strcmp(conf->table->group->name, config_setting_name(setting)) == 0 && config_setting_is_group(setting);
}

static int load_setting(struct conf *conf, const char *name, const config_setting_t *setting,
                        struct error *err)
{
	const struct option_table *table = conf->table;
	const char *key = config_setting_name(setting);
	size_t i = find_key(table, key);
	int r;

	if (is_group(conf, setting))
		return load_group(conf, name, setting, err);
	r = i == table->n ? unknown_key(table, err)
	                  : set_setting(&table->rows[i], conf->settings, setting, err);
	if (r < 0) {
		error_prefix(err, "%s:%u: %s: ", TEXT(name),
		             (unsigned int)config_setting_source_line(setting), TEXT(key));
		if (err && r != -ENOMEM)
			err->class = ERROR_CONFIG;
		return r;
	}
	conf->source[i] = conf->file_source;
	conf->line[i] = (unsigned int)config_setting_source_line(setting);
	return 0;
}

static int load_checked(struct conf *conf, const char *name, const char *text, struct error *err)
{
	_cleanup_(config_destroy) config_t config;
	const config_setting_t *root;

	config_init(&config);
	config_set_include_dir(&config,
	                       "/dev/null"); /* where no file can be, if the scan missed one */
	if (!config_read_string(&config, text)) {
		const char *why = config_error_text(&config);

		if (why && strncmp(why, "duplicate", 9) == 0)
			return error_set(err, -EINVAL, ERROR_CONFIG, "%s:%d: this key has a value in a line before: right is each key once",
			                 TEXT(name), config_error_line(&config));
		return error_set(err, -EINVAL, ERROR_CONFIG,
		                 "%s:%d: %s: right are lines of the form  key = value;", TEXT(name),
		                 config_error_line(&config), why ? why : "a number is too large");
	}
	(void)snprintf(conf->file, sizeof conf->file, "%s", name);
	memset(conf->line, 0, sizeof conf->line);
	root = config_root_setting(&config);
	return load_settings(conf, name, root, err);
}

int conf_load_text(struct conf *conf, const char *name, const char *text, size_t n,
                   struct error *err)
{
	_cleanup_(freep) char *copy = NULL;
	int r;

	if (n > CONF_TEXT_MAX)
		return error_set(err, -EFBIG, ERROR_CONFIG,
		                 "%s: longer than %d bytes: this is no configuration", TEXT(name),
		                 CONF_TEXT_MAX);
	copy = malloc(n + 2);
	if (!copy)
		return error_oom(err);
	memcpy(copy, text, n);
	memcpy(copy + n, "\n", 2); /* libconfig knows no comment in a line without an end */
	r = conf_scan(name, copy, n, err);
	if (r < 0)
		return r;
	return load_checked(conf, name, copy, err);
}

int conf_load_stream(struct conf *conf, const char *name, FILE *stream, struct error *err)
{
	_cleanup_(freep) char *text = malloc(CONF_TEXT_MAX + 1);
	size_t n;

	if (!text)
		return error_oom(err);
	errno = 0;
	n = fread(text, 1, CONF_TEXT_MAX + 1, stream);
	if (ferror(stream))
		return error_set(err, errno > 0 ? -errno : -EIO, ERROR_CONFIG,
		                 "%s cannot be read: %s", TEXT(name),
		                 strerror(errno > 0 ? errno : EIO));
	return conf_load_text(conf, name, text, n, err);
}

int conf_load_file(struct conf *conf, const char *path, struct error *err)
{
	_cleanup_(fclosep) FILE *stream = fopen(path, "re");

	if (!stream && errno == ENOENT)
		return CONF_NO_FILE;
	if (!stream)
		return error_set(err, -errno, ERROR_CONFIG, "%s cannot be opened: %s", TEXT(path),
		                 strerror(errno));
	return conf_load_stream(conf, path, stream, err);
}

/* ---- the rest ---- */

int conf_environment(struct conf *conf, struct error *err)
{
	const struct option_table *table = conf->table;

	for (size_t i = 0; i < table->n; i++) {
		const struct option_row *row = &table->rows[i];
		const char *value = row->environment ? getenv(row->environment) : NULL;
		int r;

		if (!value || *value == '\0')
			continue;
		if (row->type == OPTION_LIST)
			option_clear(row, conf->settings);
		r = option_set_text(row, conf->settings, value, err);
		if (r < 0) {
			error_prefix(err, "%s of the environment: ", row->environment);
			return r;
		}
		conf->source[i] = CONF_ENVIRONMENT;
	}
	return 0;
}

int conf_finish(struct conf *conf, struct error *err)
{
	const struct option_table *table = conf->table;
	int r = table->finish ? table->finish(conf, err) : 0;
	size_t n;

	if (r == 0 || !err || err->class != ERROR_CONFIG || conf->file[0] == '\0')
		return r;
	n = strcspn(err->text, ": ");
	for (size_t i = 0; i < table->n; i++) {
		const char *key = table->rows[i].key;

		if (!key || strlen(key) != n || strncmp(key, err->text, n) != 0 || conf->line[i] == 0 || conf->source[i] >= CONF_ENVIRONMENT)
			continue;
		error_prefix(err, "%s:%u: ", TEXT(conf->file), conf->line[i]);
		break;
	}
	return r;
}

enum conf_source conf_source_of(const struct conf *conf, size_t offset)
{
	size_t i = 0;

	while (i < conf->table->n && conf->table->rows[i].offset != offset)
		i++;
	assert(i < conf->table->n);
	return conf->source[i];
}
