# FastQC's report against FastQC: what it once printed (../shared), the installed one, and a slow model; report.py is what the
# scripts share.
REPORT_TESTS = \
	tests/report/expected.t \
	tests/report/debian.t \
	tests/report/model.t
dist_check_SCRIPTS += $(REPORT_TESTS)
HEAVY_TESTS += $(REPORT_TESTS)
EXTRA_DIST += tests/report/report.py tests/tools/mkreport.py
