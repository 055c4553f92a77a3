/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spans of bytes: the portable functions, and the choice at run time. */
#include "lib/fastq/span.h"

#include "lib/fastq/span_x86.h"

static const uint8_t *portable_line(const uint8_t *p, const uint8_t *end)
{
	while (p < end && !byte_ends_line(*p))
		p++;
	return p;
}

static const uint8_t *portable_graph(const uint8_t *p, const uint8_t *end)
{
	while (p < end && byte_is_graph(*p))
		p++;
	return p;
}

static const struct span_ops portable_ops = {
    .name = "portable",
    .line = portable_line,
    .graph = portable_graph,
};

const struct span_ops *span_ops_get(size_t i)
{
	if (i == 0)
		return &portable_ops;
#ifdef SPAN_X86
	__builtin_cpu_init();
	/* SSE2 is part of x86-64; a processor with AVX-512 has AVX2 and BMI too. */
	if (i == 1)
		return &span_sse2_ops;
	if (i == 2 && __builtin_cpu_supports("avx2"))
		return &span_avx2_ops;
	if (i == 3 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("bmi2"))
		return &span_avx512_ops;
#endif
	return NULL;
}

const struct span_ops *span_ops_best(void)
{
	const struct span_ops *best = NULL, *ops;

	for (size_t i = 0; (ops = span_ops_get(i)); i++)
		best = ops;
	return best;
}
