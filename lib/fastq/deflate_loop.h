/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The loop over the codes of a block, for one kind of output and one kind of processor: deflate.c includes this file several times,
 * with LOOP (its name), LOOP_TARGET, UNIT (uint8_t or uint16_t) and PUT (three literals of an entry to the output).
 *
 * Each round has 56 bits and more at hand: up to two entries of literals, then refilled, and a length and a distance (48 bits). The
 * copy writes whole vectors, so up to DEFLATE_OUT_SLACK units behind the room.
 */
LOOP_TARGET static enum deflate_outcome LOOP(struct deflate *deflate, struct deflate_io *io, UNIT *text)
{
	const uint32_t *litlen = deflate->tables.litlen, *distances = deflate->tables.distance;
	const uint8_t *in = io->in + io->bit / 8, *stop = deflate_in_stop(io);
	UNIT *out = text + io->n, *full = text + io->room;
	const UNIT *low = out - (io->have < DEFLATE_HISTORY ? io->have : DEFLATE_HISTORY);
	enum deflate_outcome outcome;
	uint64_t bits = 0;
	uint32_t n = 0;

	REFILL();
	TAKE_BITS(io->bit % 8);
	for (;;) {
		uint32_t e, d;
		size_t length, distance;

		if (in >= stop || out >= full) {
			outcome = out >= full ? DEFLATE_ROOM : DEFLATE_INPUT;
			break;
		}
		REFILL();
		e = litlen[bits & ((1u << LITLEN_BITS) - 1)];
		if (ENTRY_COUNT(e)) {
			PUT(out, e);
			out += ENTRY_COUNT(e);
			TAKE_BITS(ENTRY_BITS(e));
			e = litlen[bits & ((1u << LITLEN_BITS) - 1)];
			if (ENTRY_COUNT(e)) {
				PUT(out, e);
				out += ENTRY_COUNT(e);
				TAKE_BITS(ENTRY_BITS(e));
				e = litlen[bits & ((1u << LITLEN_BITS) - 1)];
				if (ENTRY_COUNT(e)) {
					PUT(out, e);
					out += ENTRY_COUNT(e);
					TAKE_BITS(ENTRY_BITS(e));
					continue;
				}
			}
			REFILL();
		}
		if (__builtin_expect(ENTRY_KIND(e) != ENTRY_VALUE, 0)) {
			if (ENTRY_KIND(e) == ENTRY_LONGER) {
				e = litlen[ENTRY_VALUE_OF(e) +
				           (bits >> LITLEN_BITS & ((1u << deflate->litlen_deep) - 1))];
				if (ENTRY_COUNT(e)) {
					PUT(out, e);
					out++;
					TAKE_BITS(ENTRY_BITS(e));
					continue;
				}
			}
			if (ENTRY_KIND(e) == ENTRY_END) {
				TAKE_BITS(ENTRY_BITS(e));
				outcome = DEFLATE_BLOCK;
				break;
			}
			if (ENTRY_KIND(e) != ENTRY_VALUE)
				return DEFLATE_BAD;
		}
		TAKE_BITS(ENTRY_BITS(e));
		d = distances[bits >> ENTRY_EXTRA(e) & ((1u << DISTANCE_BITS) - 1)];
		length = ENTRY_VALUE_OF(e) + (bits & ((1u << ENTRY_EXTRA(e)) - 1));
		TAKE_BITS(ENTRY_EXTRA(e));
		if (__builtin_expect(DISTANCE_KIND(d) != ENTRY_VALUE, 0)) {
			if (DISTANCE_KIND(d) == ENTRY_LONGER)
				d = distances[ENTRY_VALUE_OF(d) +
				              (bits >> DISTANCE_BITS & ((1u << deflate->distance_deep) - 1))];
			if (DISTANCE_KIND(d) != ENTRY_VALUE)
				return DEFLATE_BAD;
		}
		TAKE_BITS(ENTRY_BITS(d));
		distance = ENTRY_VALUE_OF(d) + (bits & ((1u << DISTANCE_EXTRA(d)) - 1));
		TAKE_BITS(DISTANCE_EXTRA(d));
		if (__builtin_expect((size_t)(out - low) < distance, 0))
			return DEFLATE_BAD;
		COPY(out, distance, length);
		out += length;
	}
	io->n = (size_t)(out - text);
	io->bit = 8 * (uint64_t)(in - io->in) - n;
	return outcome;
}
#undef LOOP
#undef LOOP_TARGET
#undef UNIT
#undef PUT
#undef COPY
