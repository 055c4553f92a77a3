UNIT_TESTS += tests/unit/base/text tests/unit/base/digest tests/unit/base/log tests/unit/base/error tests/unit/base/rate \
	tests/unit/base/near tests/unit/base/hostlist tests/unit/base/confines

tests_unit_base_text_SOURCES = tests/unit/base/text.c $(TAP)
tests_unit_base_text_LDADD = $(BASE_LIBS)

tests_unit_base_digest_SOURCES = tests/unit/base/digest.c $(TAP)
tests_unit_base_digest_LDADD = $(BASE_LIBS)

tests_unit_base_log_SOURCES = tests/unit/base/log.c $(TAP)
tests_unit_base_log_LDADD = $(BASE_LIBS)

tests_unit_base_error_SOURCES = tests/unit/base/error.c $(TAP)
tests_unit_base_error_LDADD = $(BASE_LIBS)

tests_unit_base_rate_SOURCES = tests/unit/base/rate.c $(TAP)
tests_unit_base_rate_LDADD = $(BASE_LIBS)

tests_unit_base_near_SOURCES = tests/unit/base/near.c $(TAP)
tests_unit_base_near_LDADD = $(BASE_LIBS)

tests_unit_base_hostlist_SOURCES = tests/unit/base/hostlist.c $(TAP)
tests_unit_base_hostlist_LDADD = $(BASE_LIBS)

tests_unit_base_confines_SOURCES = tests/unit/base/confines.c $(TAP)
tests_unit_base_confines_LDADD = $(BASE_LIBS)
