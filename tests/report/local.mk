# FastQC's report against FastQC: what it once printed (../shared), the installed one, and a slow model; report.py is what the
# scripts share.
REPORT_TESTS = \
	tests/report/corners.t \
	tests/report/expected.t \
	tests/report/debian.t \
	tests/report/model.t \
	tests/report/multiqc.t \
	tests/report/page.t \
	tests/report/browser.t \
	tests/report/run.t
dist_check_SCRIPTS += $(REPORT_TESTS)
HEAVY_TESTS += $(REPORT_TESTS)
EXTRA_DIST += \
	tests/report/chromium.py \
	tests/report/corner_cases.py \
	tests/report/corner_refusals.py \
	tests/report/corners.py \
	tests/report/looks.py \
	tests/report/report.py \
	tests/report/status_pages.py \
	tests/report/svg.py \
	tests/tools/mkreport.py

check_PROGRAMS += tests/report/merge
# With its ending, or automake would write out the list, and HEAVY_TESTS= have no effect.
HEAVY_TESTS += tests/report/merge$(EXEEXT)

tests_report_merge_SOURCES = tests/report/merge.c tests/report/made.c tests/report/made.h $(QC_READS) $(TAP)
tests_report_merge_LDADD = $(QC_LIBS) -lm

UNIT_TESTS += tests/report/large

tests_report_large_SOURCES = tests/report/large.c $(QC_READS) $(TAP)
tests_report_large_LDADD = $(QC_LIBS) -lm

UNIT_TESTS += tests/report/hostile

tests_report_hostile_SOURCES = tests/report/hostile.c tests/report/made.c tests/report/made.h $(QC_DAMAGE) $(QC_READS) $(TAP)
tests_report_hostile_LDADD = $(QC_LIBS) -lm
