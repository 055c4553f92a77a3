/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The section "Per sequence GC content" (FASTQC.md section 1.6): reads by their share of G and C, judged by how far they are
 * from a normal distribution about their peak.
 */
#include <errno.h>
#include <math.h>

#include "lib/qc/derive.h"
#include "lib/qc/gc.h"
#include "lib/qc/module.h"

static const char *const columns[] = {"GC Content", "Count"};

/*
 * The middle of the peak: the mean of the bins about the highest one that have more than nine tenths of it; the highest one itself
 * where these reach an end of the scale.
 */
static double peak_centre(const double bins[GC_BINS])
{
	int highest = 0, n = 0, i;
	double most = 0, sum = 0, high;
	bool up_ends = false, down_ends = false;

	for (i = 0; i < GC_BINS; i++)
		if (bins[i] > most) {
			most = bins[i];
			highest = i;
		}
	high = bins[highest] - bins[highest] / 10;
	for (i = highest; i < GC_BINS && !up_ends; i++) {
		up_ends = !(bins[i] > high);
		if (!up_ends) {
			sum += i;
			n++;
		}
	}
	for (i = highest - 1; i >= 0 && !down_ends; i--) {
		down_ends = !(bins[i] > high);
		if (!down_ends) {
			sum += i;
			n++;
		}
	}
	return up_ends && down_ends ? sum / n : highest;
}

/*
 * Per cent by which the bins differ from the normal distribution, which is returned too; not numbers for next to no reads.
 */
static double deviation(const double bins[GC_BINS], double theory[GC_BINS])
{
	double centre = peak_centre(bins), total = 0, variance = 0, spread, differences = 0;

	for (int i = 0; i < GC_BINS; i++)
		total += bins[i];
	for (int i = 0; i < GC_BINS; i++)
		variance += pow(i - centre, 2) * bins[i];
	variance /= total - 1;
	spread = sqrt(variance);
	for (int i = 0; i < GC_BINS; i++) {
		double height = 1 / sqrt(2 * M_PI * spread * spread);

		theory[i] = height * pow(M_E, 0 - pow(i - centre, 2) / (2 * spread * spread)) * total;
		differences += fabs(theory[i] - bins[i]);
	}
	return differences / total * 100;
}

int derive_gc(struct derive *derive, struct section *section)
{
	const struct limit *limit = &derive->options->limits->of[LIMIT_GC_SEQUENCE];
	double bins[GC_BINS], *theory;
	int r;

	if (!gc_bins(counters_state(derive->counters, MODULE_GC), bins))
		return derive_partial(derive);
	r = derive_table(derive, section, columns, 2, GC_BINS);
	if (r < 0)
		return r;
	theory = derive_alloc(derive, GC_BINS, sizeof *theory);
	if (!theory)
		return -ENOMEM;
	for (size_t i = 0; i < GC_BINS; i++) {
		struct cell *row = section_row(section, i);

		row[0] = cell_number(i);
		row[1] = cell_double(bins[i]);
	}
	section->judged[0].value = deviation(bins, theory);
	section->theory = theory;
	section->status = status_of(section->judged[0].value > limit->error, section->judged[0].value > limit->warn);
	return 0;
}
