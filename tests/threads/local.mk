# What has threads, under ThreadSanitizer (--enable-tsan): THREAD_TESTS is what check.sh runs in such a build, and threads.t is
# skipped in all others. race is a program with a race in it: it must be found; points one whose threads come by a failpoint, holders
# one whose threads hold the same bytes.
THREAD_TESTS = \
	tests/threads/threads.t \
	tests/unit/fastq/reader \
	tests/unit/fastq/slices \
	tests/unit/ctl/leftovers \
	tests/unit/ctl/local \
	tests/unit/ctl/local_split
dist_check_SCRIPTS += tests/threads/threads.t
TESTS += tests/threads/threads.t
EXTRA_DIST += tests/threads/suppressions
check_PROGRAMS += tests/threads/race tests/threads/points tests/threads/holders
tests_threads_race_SOURCES = tests/threads/race.c
tests_threads_race_LDADD = -lpthread
tests_threads_points_SOURCES = tests/threads/points.c
tests_threads_points_LDADD = lib/libbase.a -lpthread
tests_threads_holders_SOURCES = tests/threads/holders.c
tests_threads_holders_LDADD = lib/libwire.a -lpthread

check-threads:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(THREAD_TESTS)'
.PHONY: check-threads
