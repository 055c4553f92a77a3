# SPDX-License-Identifier: GPL-3.0-or-later
"""The corners in which FastQC hangs, leaves a broken zip or reports a part of the file (FASTQC.md section 7): ours ends with a
sentence and an exit status, and writes no report. 64: the command line; 65: the data; 74: the gzip stream.
"""
import gzip
import os

from corners import body, case, column, corner, fq, has, run_corner

TWO = fq("ACGT", "GGT")
PACKED = gzip.compress(fq(*["ACGTTGCA" * 8] * 4000).encode(), mtime=0)

corner(5, "a quality below '!' (FastQC: a broken zip)",
       case(fq("ACGT", ("ACG", "F F")), refused=65), case(fq("ACGT", ("ACG", "F\tF")), refused=65),
       case(fq("ACGT", ("ACG", "F F")), refused=65, options=("--lenient",)))

corner(6, "a quality from 0x80 upward (FastQC: it hangs)",
       case(TWO.encode() + b"@x\nACG\n+\nF\x80F\n", refused=65), case(TWO.encode() + b"@x\nACG\n+\nF\xffF\n", refused=65),
       case(TWO.encode() + b"@x\nACG\n+\nF\xffF\n", refused=65, options=("--lenient",)))

corner(37, "the file ends behind a line of +", case(TWO + "@x\nACG\n+\n", refused=65), case(TWO + "@x\nACG\n+", refused=65))

corner(38, "garbage behind a gzip member (0.11.9 reports it)", case(PACKED + b"garbage", refused=74, name="reads.fastq.gz"))

corner(39, "a cut gzip stream (0.11.9 may report a part of it)",
       *(case(PACKED[:-n], refused=74, name="reads.fastq.gz") for n in (1, 4, 8, 9, 40, len(PACKED) // 2)))

corner(40, "--casava: groups of files are missing, and refused by name",
       case(fq(("ACGT", None, "a 1:Y:0:A"), ("ACGT", None, "b 1:N:0:A")), refused=64, options=("--casava",)))


@run_corner(41, "stdin:NAME: reading standard input is missing, and refused by name")
def standard_input(report, folder):
    made = report.run([report.FQCTL, "qc", "--local", "--outdir", folder, "--", "stdin:reads"], folder)
    return "" if made.status == 64 and "standard input cannot be counted" in made.error and not os.listdir(folder) else str(made)


corner(43, "--min_length above the longest read is refused (FastQC: a broken zip), below it only the adapters' table grows",
       case(fq("ACGTA" * 6), refused=64, options=("--min_length", "31")),
       case(fq("ACGTA" * 6), column("Adapter Content", 0, *map(str, range(1, 26))), options=("--min_length", "25"),
            versions=("0.12.1",)),
       case(fq("ACGTA" * 6), column("Per base N content", 0, *map(str, range(1, 31))), options=("--min_length", "25")))

corner(44, "--dup_length above the length of a read (FastQC 0.12.1 hangs): the read is its own key",
       case(fq("ACGTACGTACGT", "ACGTACGTACAA", "ACG"), column("Overrepresented sequences", 0, "ACGTACGTAC", "ACG"),
            options=("--dup_length", "10"), debian=False))

LIMITS = ("limits.txt", "sequence warn 10\nsequence error 20\n")
corner(45, "a limits file that says little leaves the rest as it is (FastQC: no report); a list without adapters is refused, and so are"
           " lines that FastQC passes over",
       case(TWO, has("Basic Statistics", "Total Sequences\t2"), body("Overrepresented sequences", *(
           "#Sequence\tCount\tPercentage\tPossible Source", "ACGT\t1\t50.0\tNo Hit", "GGT\t1\t50.0\tNo Hit")),
            options=("--limits", LIMITS), debian=False),
       case(TWO, refused=78, options=("--adapters", ("adapters.txt", "# none\n"))),
       case(TWO, refused=78, options=("--adapters", ("adapters.txt", "A\tACGT\n\tB\tGGT\n"))),
       case(TWO, refused=78, options=("--adapters", ("adapters.txt", "A\tACGT \n"))),
       case(TWO, refused=78, options=("--contaminants", ("contaminants.txt", "\tA\tACGTACGT\n"))),
       case(TWO, refused=78, options=("--limits", ("limits.txt", " tile warn 5\n"))))


@run_corner(48, "two inputs whose reports would have one name are refused, before any is counted")
def one_name(report, folder):
    paths = [os.path.join(folder, name) for name in ("a.fastq", "a.fq")]
    for path in paths:
        with open(path, "w", encoding="ascii") as f:
            f.write(TWO)
    out = os.path.join(folder, "out")
    os.mkdir(out)
    made = report.run([report.FQCTL, "qc", "--local", "--outdir", out, "--", *paths])
    return "" if made.status == 64 and made.error and not os.listdir(out) else f"{made}, {os.listdir(out)}"


BAM = gzip.compress(b"BAM\1" + bytes(60), mtime=0)
corner(47, "BAM, where a record without sequence is a read of one base, is missing, and refused by name",
       case(BAM, refused=65, name="reads.bam"), case(BAM, refused=65))

COLOURS = "@r\nT0120.\n+\nIIIII\n"
corner(50, "a first read such as A. is no colourspace (FastQC: it hangs at the next read); colourspace is missing, and refused",
       case(fq("A.", "ACGT"), has("Basic Statistics", "Total Sequences\t2", "File type\tConventional base calls"), debian=False),
       case(COLOURS, refused=65), case(TWO + COLOURS, refused=65))


@run_corner(52, "nothing but the report stands on standard output, and at most FastQC's own line where it goes to files")
def standard_output(report, folder):
    path = os.path.join(folder, "a.fastq")
    with open(path, "w", encoding="ascii") as f:
        f.write(TWO)
    text = report.here("fqctl", path, "0.12.1")
    files = report.run([report.FQCTL, "qc", "--local", "--", path])
    if not text.text.startswith("##FastQC") or not text.text.endswith(">>END_MODULE\n") or text.error:
        return str(text)
    left = sorted(os.listdir(folder))
    right = files.text in ("", "Analysis complete for a.fastq\n") and left == ["a.fastq", "a_fastqc.html", "a_fastqc.zip"]
    return "" if right else f"{files}, {left}"
