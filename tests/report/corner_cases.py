# SPDX-License-Identifier: GPL-3.0-or-later
"""The corners that give a report (FASTQC.md section 7); those that give none are in corner_refusals.py."""
import gzip
import itertools

from corners import (absent, body, case, column, corner, different, elsewhere, fq, gc_rows, has, java_order, number, present,
                     status, without)

OLD, NEW = ("0.11.9",), ("0.12.1",)
BASIC, QUALITY, TILES, SCORES = ("Basic Statistics", "Per base sequence quality", "Per tile sequence quality",
                                 "Per sequence quality scores")
CONTENT, GC, N = "Per base sequence content", "Per sequence GC content", "Per base N content"
LENGTHS, DUPLICATION, OVER, ADAPTERS = ("Sequence Length Distribution", "Sequence Duplication Levels",
                                        "Overrepresented sequences", "Adapter Content")
UNIVERSAL = "AGATCGGAAGAG"

EMPTY = (
    has(BASIC, "File type\tnull", "Encoding\tIllumina 1.5", "Total Sequences\t0", "Sequence length\t0", "%GC\t0"),
    absent(QUALITY, TILES, SCORES),
    body(CONTENT, "#Base\tG\tA\tT\tC"), body(N, "#Base\tN-Count"), body(LENGTHS, "#Length\tCount"),
    body(GC, "#GC Content\tCount", *(f"{p}\t0.0" for p in range(101))),
    has(DUPLICATION, "#Total Deduplicated Percentage\t100.0"),
    body(OVER), body(ADAPTERS),
    status(per_sequence_gc_content="pass", adapter_content="warn", overrepresented_sequences="pass"),
)
corner(1, "an empty file, one of blank lines and an empty gzip member",
       case("", *EMPTY, name="empty.fastq"),
       case("", has(DUPLICATION, "1\tNaN\tNaN", ">10k+\tNaN\tNaN"), name="empty.fastq", versions=OLD),
       case("", has(DUPLICATION, "1\tNaN", ">10k+\tNaN"), has(BASIC, "Total Bases\t0 bp"), name="empty.fastq", versions=NEW),
       case("\n\n\n", *EMPTY, name="blank.fastq"),
       case(gzip.compress(b"", mtime=0), *EMPTY, name="member.fastq.gz"))

corner(2, "one read: percentiles are NaN, and NaN warns of nothing",
       case(fq("ACGTA"), has(QUALITY, "1\t20.0\tNaN\tNaN\tNaN\tNaN\tNaN"), has(BASIC, "Sequence length\t5"),
            has(LENGTHS, "5\t1.0"), status(per_base_sequence_quality="pass", sequence_length_distribution="pass")))

corner(3, "a position that 100 reads reach has no percentiles, one that 101 reach has",
       case(fq(*["AC"] * 100, "A"), column(QUALITY, 2, "20.0", "NaN"), column(QUALITY, 6, "20.0", "NaN")))

corner(4, "the lowest quality tells the offset: from 64 it is 64, exactly 65 is Illumina 1.3",
       case(fq(("ACG", "III")), has(BASIC, "Encoding\tIllumina 1.5"), column(QUALITY, 1, "9.0", "9.0", "9.0")),
       case(fq(("ACG", "IAI")), has(BASIC, "Encoding\tIllumina 1.3"), column(QUALITY, 1, "9.0", "1.0", "9.0")),
       case(fq(("ACG", "I@I")), has(BASIC, "Encoding\tIllumina 1.5"), column(QUALITY, 1, "9.0", "0.0", "9.0")),
       case(fq(("ACG", "I?I")), has(BASIC, "Encoding\tSanger / Illumina 1.9"), column(QUALITY, 1, "40.0", "30.0", "40.0")))

corner(7, "quality 127 is accepted with --lenient: only the lowest is looked at",
       case(fq(("ACG", "\x7f!\x7f")), column(QUALITY, 1, "94.0", "0.0", "94.0"), column(SCORES, 0, "62"), options=("--lenient",)))

corner(8, "sequence and quality of different length with --lenient: each module goes by its own",
       case(fq(("ACGT", "FF"), ("AC", "FFFF")), column(QUALITY, 0, "1", "2", "3", "4"), column(CONTENT, 0, "1", "2", "3", "4"),
            has(LENGTHS, "2\t1.0", "4\t1.0"), options=("--lenient",)))

corner(9, "reads without bases: fail of lengths, an overrepresented sequence without letters, no score and no GC",
       case(fq(*["ACGT"] * 1000, "", "", ""), status(sequence_length_distribution="fail"), column(SCORES, 1, "1000.0"),
            has(OVER, f"\t3\t{number(3 / 1003 * 100)}\tNo Hit"), body(GC, *gc_rows([(4, 2)] * 1000)),
            has(BASIC, "Sequence length\t0-4")))

SAMPLED = [("ACGT", None, f"a:b:{1 + i % 2}:d:e") for i in range(10)]
FIRST_EMPTY = [("", "", "a:b:16:d:e") if i < 10 else ("AC", None, "a:b:1:d:e") for i in range(20)]
corner(10, "the first tile in Java's order has empty reads alone: no report (0.11.9: a broken zip); 0.12.1 passes over them",
       case(fq(*FIRST_EMPTY), refused=65, versions=OLD), case(fq(*FIRST_EMPTY), column(TILES, 0, "1", "1"), versions=NEW),
       case(fq(*[("", "", f"a:b:16:d:{i}") for i in range(3)], *SAMPLED), column(TILES, 0, *"11112222"), versions=NEW))

corner(11, "fewer than ten reads: no tiles in 0.11.9, tiles in 0.12.1",
       case(fq(*SAMPLED[:9]), absent(TILES), versions=OLD), case(fq(*SAMPLED[:9]), present(TILES), versions=NEW),
       case(fq(*SAMPLED), present(TILES)))

LONG = [("AC", None, f"a:b:{1 + i % 2}:d:e") for i in range(10020)]
BAD = [("AC", None, "bad")]
corner(12, "one bad header among the sampled reads removes the tiles, one at another read does not",
       case(fq(*SAMPLED[:9], *BAD, *SAMPLED), absent(TILES)),
       case(fq(*SAMPLED, *BAD, *SAMPLED), present(TILES), versions=OLD),
       case(fq(*SAMPLED, *BAD, *SAMPLED), absent(TILES), versions=NEW),
       case(fq(*LONG[:10000], *BAD, *LONG[:30]), present(TILES)),
       case(fq(*LONG[:10009], *BAD, *LONG[:30]), absent(TILES)))

corner(13, "empty fields at the end of a header do not count: a:b:7:d:e:: has five",
       case(fq(*[("AC", None, "a:b:7:d:e::")] * 10), column(TILES, 0, "7", "7")))

corner(14, "a header of an archive whose description has colons still gives tiles",
       case(fq(*[("AC", None, "SRR1.1 HWI-ST1:1:FC:2:1103:10:20 length=2")] * 10), column(TILES, 0, "1103", "1103")))

corner(15, "headers of five and of seven fields: the first sampled one fixes the field",
       case(fq(*[("AC", None, "a:b:7:d:e")] * 10, *[("AC", None, "a:b:9:d:1101:f:g")] * 10), column(TILES, 0, *"7799")),
       case(fq(*[("AC", None, "a:b:9:d:1101:f:g")] * 10, *[("AC", None, "a:b:7:d:33")] * 10),
            column(TILES, 0, "33", "33", "1101", "1101")),
       case(fq(*[("AC", None, "a:b:9:d:1101:f:g")] * 10, *[("AC", None, "a:b:7:d")] * 10), absent(TILES)))

corner(16, "1001 tiles are accepted and 1002 are not; in 0.12.1 2501 and 2502",
       case(":tiles-1001", present(TILES)), case(":tiles-1002", absent(TILES), versions=OLD),
       case(":tiles-1002", present(TILES), versions=NEW),
       case(":tiles-2501", present(TILES), versions=NEW), case(":tiles-2502", absent(TILES), versions=NEW))

HIGH_AND_LOW = [("AC", "hh" if i < 10 else "55", f"a:b:{1 if i < 10 else 2}:d:e") for i in range(20)]
LOW_FIRST = [("AC", "hh" if i < 10 else "55", f"a:b:{1 if i < 10 else 16}:d:e") for i in range(20)]
# Fourteen tiles of one bucket, which becomes a tree: its root, 256, is first, not 64.
CROWDED_TILES = [("AC", "hh" if tile == 256 else "55", f"a:b:{tile}:d:e") for tile in range(64, 64 * 15, 64) for _ in range(10)]
corner(17, "tiles on both sides of character 64: 0.11.9 goes by the first tile in Java's order",
       case(fq(*CROWDED_TILES), column(TILES, 2, *["NaN"] * 28), versions=OLD),
       case(fq(*HIGH_AND_LOW), column(TILES, 2, *["NaN"] * 4), status(per_tile_sequence_quality="pass"), versions=OLD),
       case(fq(*LOW_FIRST), column(TILES, 2, "25.5", "25.5", "-25.5", "-25.5"), versions=OLD),
       case(fq(*HIGH_AND_LOW), column(TILES, 2, "25.5", "25.5", "-25.5", "-25.5"),
            status(per_tile_sequence_quality="fail"), versions=NEW))

THIRTEEN = "ACACACACACACT"
corner(18, "a read of 12 bases that is an adapter counts only behind a longer read",
       case(fq(UNIVERSAL, THIRTEEN), column(ADAPTERS, 1, "0.0", "0.0")),
       case(fq(THIRTEEN, UNIVERSAL), column(ADAPTERS, 1, "50.0", "50.0")))

corner(19, "no read longer than the adapters: a warning and no table; the longest of 13 bases: two rows",
       case(fq(UNIVERSAL, "ACGT"), body(ADAPTERS), status(adapter_content="warn")),
       case(fq(THIRTEEN), column(ADAPTERS, 0, "1", "2"), status(adapter_content="pass")))

corner(20, "an adapter at the end of a short read counts at the later places of longer reads, too",
       case(fq("C" * 8 + UNIVERSAL, "ACCT" * 10), column(ADAPTERS, 1, *["0.0"] * 8, *["50.0"] * 21)))

ADAPTER_LIST = "# mine\nLong\tCTGTCTCTTATACACATCT\nShort\tTGGAATTC\n"
SHORT_LATE = fq("C" * 15 + "TGGAATTC" + "C" * 7, "C" * 11 + "TGGAATTC" + "C" * 11)
corner(21, "adapters of different lengths: a short one behind the last place of the longest is lost; a list's lines may end in CR",
       *(case(SHORT_LATE, column(ADAPTERS, 2, *["0.0"] * 11, "50.0"),
              options=("--adapters", ("adapters.txt", ADAPTER_LIST.replace("\n", end)))) for end in ("\n", "\r\n", "\r")))

corner(22, "the 100,000th different sequence in the last read leaves the counts as they are; one read more corrects them",
       case(":limit-last-read", has(DUPLICATION, f"#Total Deduplicated Percentage\t{number(100000 / 100004 * 100)}")),
       case(":limit-one-more", has(DUPLICATION, "#Total Deduplicated Percentage\t99.9950002499875")))

ROOT, TAILS = "ACGGTTCAGGATCCATTGCAACGTCTAGTTGACCTGAATCGTTACAGCCA", ("C" * 24 + "A", "G" * 24 + "T", "T" * 25 + "A", "A" * 25 + "C")
corner(23, "reads of 76 bases are compared by 50, those of 75 by all in 0.11.9; all by 50 in 0.12.1",
       case(fq(*(ROOT + tail for tail in TAILS)), column(OVER, 1, "2", "1", "1"),
            has(OVER, f"{ROOT}\t2\t50.0\tNo Hit", f"{ROOT}{TAILS[0]}\t1\t25.0\tNo Hit"), versions=OLD),
       case(fq(*(ROOT + tail for tail in TAILS)), column(OVER, 0, ROOT), column(OVER, 2, "100.0"), versions=NEW))

SINGLE = different(3000)
TIED = [SINGLE[i * 37 % 3000] + "GATTACA" for i in range(60)]
TIE_READS = [read for i, single in enumerate(SINGLE) for read in (single, *TIED[i % 60:i % 60 + 1] * (i < 420))]
# All have one hash code: more than eight of them are a tree in Java's map.
CROWDED = ["".join(parts) for parts in itertools.product(("A`", "BA"), repeat=4)]
corner(24, "sixty overrepresented sequences with the same count come in Java's order, and so do sixteen of one hash code",
       case(fq(*CROWDED), column(OVER, 0, CROWDED[3], *CROWDED[:3], *CROWDED[4:])),
       case(fq(*TIE_READS), column(OVER, 1, *["7"] * 60),
            column(OVER, 0, *(key for key in java_order(list(dict.fromkeys(TIE_READS))) if key in set(TIED)))))

corner(25, "the last digits of duplication go by Java's order of levels",
       case(":limit-inside", has(DUPLICATION, "#Total Deduplicated Percentage\t62.34399301484574", "1\t35.85226877609614",
                                 "9\t0.0035101105126454637"), versions=NEW),
       case(":limit-inside", has(DUPLICATION, "#Total Deduplicated Percentage\t62.34399301484574",
                                 "1\t57.507174376140426\t35.85226877609614"), versions=OLD))

TEN = "GATTACAGATTACA"
corner(26, "exactly 0.1 % of the reads is not overrepresented, exactly 1 % is no failure",
       case(fq(*different(1995), *[TEN] * 2, *[TEN + "A"] * 3), column(OVER, 0, TEN + "A"), column(OVER, 2, number(3 / 2000 * 100)),
            status(overrepresented_sequences="warn")),
       case(fq(*different(990), *[TEN] * 10), column(OVER, 2, "1.0"), status(overrepresented_sequences="warn")),
       case(fq(*different(989), *[TEN] * 11), column(OVER, 2, number(11 / 1000 * 100)), status(overrepresented_sequences="fail")))

MIXED = [(length, length // 2) for length in (200, 300, 500, 700) for _ in range(9)]
TURNED = MIXED[::-1]
assert gc_rows(MIXED) != gc_rows(TURNED)
corner(27, "sums of GC content from 200 bases on go by the order of the reads",
       case(fq(*("G" * gc + "A" * (n - gc) for n, gc in MIXED)), body(GC, *gc_rows(MIXED))),
       case(fq(*("G" * gc + "A" * (n - gc) for n, gc in TURNED)), body(GC, *gc_rows(TURNED))))

corner(28, "of 101 to 199 bases the first 100 count for GC, of 201 to 299 200, of 1001 to 1999 1000",
       case(fq("A" * 100 + "G" * 99, "A" * 200 + "G" * 99, "A" * 900 + "G" * 100 + "C" * 999),
            body(GC, *gc_rows([(100, 0), (200, 0), (1000, 100)]))))

elsewhere(29, "counts of ten million and more have an exponent", "tests/report/large")

# 35 tiles of the same mean, 321/11: what their average is off by is 2^-45.
NOISE = [("A", chr(33 + (31 if i == 0 else 29)), f"a:b:{tile}:d:e") for tile in range(1, 36) for i in range(11)]
corner(30, "the noise of tiles as Java up to 18 prints it, and from 19 on",
       case(fq(*NOISE), column(TILES, 2, *["2.8421709430404007E-14"] * 35), versions=NEW),
       case(fq(*NOISE), column(TILES, 2, *["2.8421709430404007E-14"] * 35), versions=NEW, options=("--java", "17"), debian=False),
       case(fq(*NOISE), column(TILES, 2, *["2.842170943040401E-14"] * 35), versions=NEW, options=("--java", "19"), debian=False),
       case(fq(*(read for read in NOISE for _ in range(10))), column(TILES, 2, *["2.8421709430404007E-14"] * 35)))

corner(31, "classes of lengths: the last label is cut, no zero row at either end, zero rows inside",
       case(fq("ACGTA" * 4, "A" * 151), column(LENGTHS, 0, *(f"{n}-{n + 4}" for n in range(20, 150, 5)), "150-152"),
            column(LENGTHS, 1, "1.0", *["0.0"] * 25, "1.0")))

corner(32, "--nogroup gives each length its own row, too",
       case(fq("ACGTA" * 4, "A" * 151), column(LENGTHS, 0, *map(str, range(20, 152))), options=("--nogroup",)))

corner(33, "lower case counts as upper case; dot, dash, U and asterisk are neither N nor a base",
       case(fq("acgtn", "ACGTN", ".-U*N"), has(CONTENT, "1\t0.0\t100.0\t0.0\t0.0"),
            column(N, 1, "0.0", "0.0", "0.0", "0.0", "100.0"),
            has(BASIC, "%GC\t50")),
       case(fq("ACGTACGTACGT\0A", "\0", ""), column(OVER, 0, "\\x00", "", "ACGTACGTACGT\\x00A"), options=("--lenient",), debian=False))

corner(34, "a position with N alone: NaN, and that warns of nothing",
       case(fq("ANA", "CNC", "GNG", "TNT"), has(CONTENT, "2\tNaN\tNaN\tNaN\tNaN"), has(N, "2\t100.0"),
            status(per_base_sequence_content="pass", per_base_n_content="fail")))

TWO = fq("ACGT", "GGT")
LIKE_TWO = (has(BASIC, "Total Sequences\t2", "Sequence length\t3-4", "%GC\t57"), column(QUALITY, 1, *["20.0"] * 4))
corner(35, "lines may end in CR or CRLF, blank lines may stand between records, one with a space may not",
       case(TWO, *LIKE_TWO), case(TWO.replace("\n", "\r"), *LIKE_TWO), case(TWO.replace("\n", "\r\n"), *LIKE_TWO),
       case(TWO.replace("@r1", "\n\n@r1"), *LIKE_TWO), case(TWO.replace("@r1", " \n@r1"), refused=65))

corner(36, "the last line need not end, but an empty last quality must",
       case(TWO[:-1], *LIKE_TWO), case(TWO + "@e\n\n+\n\n", has(BASIC, "Total Sequences\t3")), case(TWO + "@e\n\n+\n", refused=65))

corner(42, "a file whose name begins with stdin is read from the disk (FastQC reads standard input)",
       case(TWO, *LIKE_TWO, has(BASIC, "Filename\tstdin_x.fastq"), name="stdin_x.fastq", debian=False))

# The query of a hit is a whole read here.
SOURCE = "ACGGTTCAGGATCCATTGCAACGTCTAGTTGACCTGAATC"
MADE = ("contaminants.txt", f"Made\t{SOURCE}\n")
OTHER = str.maketrans("ACGT", "CAAC")


def source_is(query, source):
    return case(fq(query), column(OVER, 3, source), options=("--contaminants", MADE))


corner(46, "contaminants: 20 bases are no hit and 21 are; 8 to 19 must be contained; fewer than 8 never hit",
       source_is(SOURCE[5:25], "No Hit"), source_is(SOURCE[5:26], "Made (100% over 21bp)"),
       source_is(SOURCE[:21] + SOURCE[21:].translate(OTHER), "Made (95% over 21bp)"),
       source_is(SOURCE[:20] + SOURCE[20:].translate(OTHER), "No Hit"),
       source_is(SOURCE[5:13], "Made (100% over 8bp)"), source_is(SOURCE[5:24], "Made (100% over 19bp)"),
       source_is(SOURCE[5:12], "No Hit"), source_is(SOURCE[5:15] + "C", "No Hit"),
       source_is("GATTCAGGTCAACTAGACGTTGC", "Made (100% over 23bp)"))

elsewhere(49, "more than 2^31 copies of one sequence are no negative number", "tests/report/large")

# Every fiftieth read is the same one; with one read before them, none of the sampled ones is.
KMER_LIMITS = ("limits.txt", "kmer ignore 0\nkmer warn 2\nkmer error 5\ngc_sequence ignore 0\n")
FIFTIETH = [single if i % 50 < 49 else "GATTACAGTCCT" for i, single in enumerate(different(5000))]
corner(51, "a shift of one read changes the sample of k-mers; a count is five times that of the sample",
       case(fq(*FIFTIETH), column("Kmer Content", 1, *["500"] * 6), column("Kmer Content", 3, *["5.9999995"] * 6),
            status(kmer_content="fail"), options=("--limits", KMER_LIMITS)),
       case(fq("ACGT", *FIFTIETH), body("Kmer Content"), status(kmer_content="pass"), options=("--limits", KMER_LIMITS)))
