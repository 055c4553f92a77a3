/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spans of bytes by SSE2, AVX2 and AVX-512BW, as functions to call: see span_x86.h. */
#include "lib/fastq/span_x86.h"

#ifdef SPAN_X86
#define SPAN_OPS(isa, target, ops_name)                                                            \
	target static const uint8_t *isa##_find_line(const uint8_t *p, const uint8_t *end)         \
	{                                                                                          \
		return isa##_span_line(p, end);                                                    \
	}                                                                                          \
	target static const uint8_t *isa##_find_graph(const uint8_t *p, const uint8_t *end)        \
	{                                                                                          \
		return isa##_span_graph(p, end);                                                   \
	}                                                                                          \
	const struct span_ops span_##isa##_ops = {                                                 \
	    .name = ops_name,                                                                      \
	    .line = isa##_find_line,                                                               \
	    .graph = isa##_find_graph,                                                             \
	};

SPAN_OPS(sse2, TARGET_SSE2, "SSE2")
SPAN_OPS(avx2, TARGET_AVX2, "AVX2")
SPAN_OPS(avx512, TARGET_AVX512, "AVX-512")
#endif
