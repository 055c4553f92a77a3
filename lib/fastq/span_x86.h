/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spans of bytes by SSE2, AVX2 and AVX-512BW; which of them may be called is span.c's business. */
#pragma once

#include "lib/fastq/span.h"

#ifdef __x86_64__
#define SPAN_X86 1
extern const struct span_ops span_sse2_ops;
extern const struct span_ops span_avx2_ops;
extern const struct span_ops span_avx512_ops;
#endif
