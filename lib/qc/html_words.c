/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the page says in words: see html_words.h. */
#include "lib/qc/html_words.h"

#include <inttypes.h>
#include <math.h>

#include "lib/qc/html_text.h"

static const char *const abouts[_SECTION_MAX] = {
	[SECTION_BASIC] = "What the file is, as a whole.",
	[SECTION_QUALITY] = "How good the base calls are along the reads: boxes from the lower to the upper quartile with the median, whiskers "
	                    "from the 10th to the 90th percentile, and the mean.",
	[SECTION_TILES] = "Where on the flow cell calls were worse or better: each tile&#8217;s mean quality less the average of all tiles.",
	[SECTION_SCORES] = "How many reads have which mean quality. A second hump at the left is a group of bad reads.",
	[SECTION_CONTENT] = "The share of each base along the reads. In a random library the lines run level, and A with T, G with C.",
	[SECTION_GC] = "How many reads have which share of G and C, beside the normal distribution about the peak. A second hump may be "
	               "another organism.",
	[SECTION_N] = "Where along the reads no base could be called.",
	[SECTION_LENGTHS] = "How many reads have which length.",
	[SECTION_DUPLICATION] = "How often the same sequence was read, by the reads that are in such sets.",
	[SECTION_OVERREPRESENTED] = "Single sequences that make up a good part of the file, and what they may come from.",
	[SECTION_ADAPTERS] = "In how many reads a known adapter has begun by a position; what follows it is not of the sample.",
	[SECTION_KMERS] = "Short sequences that are far more frequent in one place of the reads than elsewhere.",
};

const char *html_about(enum section_id id)
{
	return abouts[id];
}

/* Four digits and no zeros behind them; a true minus. */
static void short_write(FILE *out, double value)
{
	if (!isfinite(value)) {
		html_real(out, value);
		return;
	}
	if (value < 0)
		fputs("&#8722;", out);
	fprintf(out, "%.4g", fabs(value));
}

/* "2.5 % (position 3)"; 0 is everywhere. */
static void judged_write(FILE *out, const char *before, const struct judged *judged, const char *unit, const char *place)
{
	fputs(before, out);
	short_write(out, judged->value);
	fputs(unit, out);
	if (!judged->where || judged->value == 0)
		return;
	fprintf(out, " (%s", place);
	html_text(out, judged->where);
	fputc(')', out);
}

static void limits_write(FILE *out, const char *how, const struct limit *limit, const char *unit)
{
	fprintf(out, ". Warns %s", how);
	short_write(out, limit->warn);
	fprintf(out, "%s, fails %s", unit, how);
	short_write(out, limit->error);
	fprintf(out, "%s.", unit);
}

static void quality_write(FILE *out, const struct section *section, const struct limits *limits)
{
	const struct limit *lower = &limits->of[LIMIT_QUALITY_BASE_LOWER], *median = &limits->of[LIMIT_QUALITY_BASE_MEDIAN];

	if (isnan(section->judged[0].value)) {
		fputs("No position has more than 100 reads, as quartiles need.", out);
		return;
	}
	judged_write(out, "Lowest lower quartile ", &section->judged[0], "", "position ");
	judged_write(out, ", lowest median ", &section->judged[1], "", "position ");
	fputs(". Warns where a lower quartile is below ", out);
	short_write(out, lower->warn);
	fputs(" or a median below ", out);
	short_write(out, median->warn);
	fputs(", fails below ", out);
	short_write(out, lower->error);
	fputs(" or ", out);
	short_write(out, median->error);
	fputc('.', out);
}

static void content_write(FILE *out, const struct section *section, const struct limits *limits)
{
	judged_write(out, "G and C differ by up to ", &section->judged[0], " points", "position ");
	judged_write(out, ", A and T by ", &section->judged[1], "", "position ");
	limits_write(out, "above ", &limits->of[LIMIT_SEQUENCE], "");
}

static void lengths_write(FILE *out, const struct section *section, const struct limits *limits)
{
	const struct limit *limit = &limits->of[LIMIT_SEQUENCE_LENGTH];
	double shortest = section->judged[0].value, longest = section->judged[1].value;

	if (section->rows_n == 0)
		fputs("There are no reads.", out);
	else if (shortest == longest)
		fprintf(out, "Every read has %.0f base%s.", longest, longest == 1 ? "" : "s");
	else
		fprintf(out, "Reads have %.0f to %.0f bases.", shortest, longest);
	if (limit->warn != 0)
		fputs(" Warns where lengths differ.", out);
	if (limit->error != 0)
		fputs(" Fails where a read has no bases.", out);
}

/* Sections of one value and one limit. */
static const struct {
	const char *before, *unit, *place, *how, *limit_unit;
	enum limit_id limit;
} singles[_SECTION_MAX] = {
	[SECTION_TILES] = {"Farthest from the average: ", "", "", "beyond &#177;", "", LIMIT_TILE},
	[SECTION_SCORES] = {"The commonest mean quality is ", "", "", "up to ", "", LIMIT_QUALITY_SEQUENCE},
	[SECTION_GC] = {"Reads off the normal distribution: ", "&#160;%", "", "above ", "&#160;%", LIMIT_GC_SEQUENCE},
	[SECTION_N] = {"Most: ", "&#160;%", "position ", "above ", "&#160;%", LIMIT_N_CONTENT},
	[SECTION_DUPLICATION] = {"Left if each sequence were kept once: ", "&#160;%", "", "below ", "&#160;%", LIMIT_DUPLICATION},
	[SECTION_OVERREPRESENTED] = {"The commonest makes up ", "&#160;%", "", "above ", "&#160;%", LIMIT_OVERREPRESENTED},
	[SECTION_ADAPTERS] = {"Most: ", "&#160;%", "", "above ", "&#160;%", LIMIT_ADAPTER},
	[SECTION_KMERS] = {"&#8722;log&#8321;&#8320; of the first p-value: ", "", "", "above ", "", LIMIT_KMER},
};

/* Why there is nothing to judge, where that can be. */
static const char *const empties[_SECTION_MAX] = {
	[SECTION_OVERREPRESENTED] = "No sequence makes up more of the reads than the limit allows",
	[SECTION_ADAPTERS] = "No read is long enough for the longest adapter, which is a warning",
	[SECTION_KMERS] = "No k-mer is enriched",
};

void html_verdict(FILE *out, const struct section *section, const struct limits *limits)
{
	enum section_id id = section->id;

	if (id == SECTION_QUALITY) {
		quality_write(out, section, limits);
	} else if (id == SECTION_LENGTHS) {
		lengths_write(out, section, limits);
	} else if (isnan(section->judged[0].value) && id != SECTION_BASIC) {
		fputs(empties[id] && section->columns_n == 0 ? empties[id] : "There is nothing to judge", out);
		if (singles[id].how)
			limits_write(out, singles[id].how, &limits->of[singles[id].limit], singles[id].limit_unit);
		else
			fputc('.', out);
	} else if (id == SECTION_CONTENT) {
		content_write(out, section, limits);
	} else if (singles[id].how) {
		judged_write(out, singles[id].before, &section->judged[0], singles[id].unit, singles[id].place);
		limits_write(out, singles[id].how, &limits->of[singles[id].limit], singles[id].limit_unit);
	}
}
