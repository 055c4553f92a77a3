UNIT_TESTS += tests/unit/daemon/briefs tests/unit/daemon/budget tests/unit/daemon/convert tests/unit/daemon/events tests/unit/daemon/journal tests/unit/daemon/pause tests/unit/daemon/peer tests/unit/daemon/peer_bounds tests/unit/daemon/peer_timer tests/unit/daemon/service

tests_unit_daemon_briefs_SOURCES = tests/unit/daemon/briefs.c $(TAP)
tests_unit_daemon_briefs_LDADD = $(DAEMON_LIBS)

tests_unit_daemon_budget_SOURCES = tests/unit/daemon/budget.c $(TAP)
tests_unit_daemon_budget_LDADD = $(DAEMON_LIBS)

tests_unit_daemon_convert_SOURCES = tests/unit/daemon/convert.c $(TAP)
tests_unit_daemon_convert_LDADD = $(DAEMON_LIBS)

tests_unit_daemon_events_SOURCES = tests/unit/daemon/events.c $(TAP)
tests_unit_daemon_events_LDADD = $(DAEMON_LIBS)

tests_unit_daemon_journal_SOURCES = tests/unit/daemon/journal.c $(TAP)
tests_unit_daemon_journal_LDADD = $(DAEMON_LIBS)

tests_unit_daemon_pause_SOURCES = tests/unit/daemon/pause.c $(TAP)
tests_unit_daemon_pause_LDADD = $(WORKER_LIBS)

tests_unit_daemon_peer_SOURCES = tests/unit/daemon/peer.c $(WIRE_PAIR) $(TAP)
tests_unit_daemon_peer_LDADD = $(DAEMON_LIBS)

tests_unit_daemon_peer_bounds_SOURCES = tests/unit/daemon/peer_bounds.c $(WIRE_PAIR) $(TAP)
tests_unit_daemon_peer_bounds_LDADD = $(DAEMON_LIBS)

tests_unit_daemon_peer_timer_SOURCES = tests/unit/daemon/peer_timer.c $(TAP)
tests_unit_daemon_peer_timer_LDADD = $(DAEMON_LIBS)

tests_unit_daemon_service_SOURCES = tests/unit/daemon/service.c $(TAP)
tests_unit_daemon_service_LDADD = $(DAEMON_LIBS)

# The store, and what is made of it.
UNIT_TESTS += tests/unit/daemon/test_context tests/unit/daemon/test_store tests/unit/daemon/test_store_version
STORE_MADE = tests/unit/daemon/store_made.c tests/unit/daemon/store_made.h

UNIT_TESTS += tests/unit/daemon/test_store_kept
tests_unit_daemon_test_store_kept_SOURCES = tests/unit/daemon/test_store_kept.c $(STORE_MADE) $(TAP)
tests_unit_daemon_test_store_kept_LDADD = $(COORD_LIBS)

UNIT_TESTS += tests/unit/daemon/test_store_tokens
tests_unit_daemon_test_store_tokens_SOURCES = tests/unit/daemon/test_store_tokens.c $(STORE_MADE) $(TAP)
tests_unit_daemon_test_store_tokens_LDADD = $(COORD_LIBS)

UNIT_TESTS += tests/unit/daemon/test_store_split
tests_unit_daemon_test_store_split_SOURCES = tests/unit/daemon/test_store_split.c $(STORE_MADE) $(TAP)
tests_unit_daemon_test_store_split_LDADD = $(COORD_LIBS)

UNIT_TESTS += tests/unit/daemon/test_store_trust
tests_unit_daemon_test_store_trust_SOURCES = tests/unit/daemon/test_store_trust.c $(STORE_MADE) $(TAP)
tests_unit_daemon_test_store_trust_LDADD = $(COORD_LIBS)

# The store on a disk whose power is cut.
UNIT_TESTS += tests/unit/daemon/test_power
tests_unit_daemon_test_power_SOURCES = tests/unit/daemon/test_power.c tests/unit/daemon/power_disk.c \
	tests/unit/daemon/power_disk.h $(STORE_MADE) $(TAP)
tests_unit_daemon_test_power_LDADD = $(COORD_LIBS)

# A real fqcoordd with a client and a worker of a few lines.
UNIT_TESTS += tests/unit/daemon/test_access tests/unit/daemon/test_coord
tests_unit_daemon_test_access_SOURCES = tests/unit/daemon/test_access.c $(STORE_MADE) $(WIRE_PAIR) $(TAP)
tests_unit_daemon_test_access_LDADD = $(COORD_LIBS)

COORD_REAL = tests/unit/daemon/coord_real.c tests/unit/daemon/coord_real.h $(STORE_MADE) $(WIRE_PAIR) $(TAP)
tests_unit_daemon_test_coord_SOURCES = tests/unit/daemon/test_coord.c $(COORD_REAL)
tests_unit_daemon_test_coord_LDADD = $(COORD_LIBS)

UNIT_TESTS += tests/unit/daemon/test_probe
tests_unit_daemon_test_probe_SOURCES = tests/unit/daemon/test_probe.c $(COORD_REAL)
tests_unit_daemon_test_probe_LDADD = $(COORD_LIBS)

UNIT_TESTS += tests/unit/daemon/test_bounds tests/unit/daemon/test_labour tests/unit/daemon/test_strangers
tests_unit_daemon_test_strangers_SOURCES = tests/unit/daemon/test_strangers.c $(TAP)
tests_unit_daemon_test_strangers_LDADD = $(COORD_LIBS)

MANY = tests/unit/daemon/many.c tests/unit/daemon/many.h
tests_unit_daemon_test_bounds_SOURCES = tests/unit/daemon/test_bounds.c $(MANY) $(COORD_REAL)
tests_unit_daemon_test_bounds_LDADD = $(COORD_LIBS)
tests_unit_daemon_test_labour_SOURCES = tests/unit/daemon/test_labour.c $(MANY) $(COORD_REAL)
tests_unit_daemon_test_labour_LDADD = $(COORD_LIBS)

UNIT_TESTS += tests/unit/daemon/test_metrics tests/unit/daemon/test_status_page
tests_unit_daemon_test_metrics_SOURCES = tests/unit/daemon/test_metrics.c $(TAP)
tests_unit_daemon_test_metrics_LDADD = $(COORD_LIBS)
tests_unit_daemon_test_status_page_SOURCES = tests/unit/daemon/test_status_page.c $(TAP)
tests_unit_daemon_test_status_page_LDADD = $(COORD_LIBS)

tests_unit_daemon_test_context_SOURCES = tests/unit/daemon/test_context.c $(CORE_FAKE) $(STORE_MADE) $(TAP)
tests_unit_daemon_test_context_LDADD = $(COORD_LIBS)

tests_unit_daemon_test_store_SOURCES = tests/unit/daemon/test_store.c $(STORE_MADE) $(TAP)
tests_unit_daemon_test_store_LDADD = $(COORD_LIBS)

tests_unit_daemon_test_store_version_SOURCES = tests/unit/daemon/test_store_version.c $(STORE_MADE) $(TAP)
tests_unit_daemon_test_store_version_LDADD = $(COORD_LIBS)

# The supervisor's parts by themselves, and a real fqworkerd against a coordinator of a few lines.
UNIT_TESTS += tests/unit/daemon/test_worker tests/unit/daemon/test_worker_brief tests/unit/daemon/test_worker_cage \
	tests/unit/daemon/test_worker_ends tests/unit/daemon/test_worker_leave tests/unit/daemon/test_worker_split \
	tests/unit/daemon/test_worker_openers tests/unit/daemon/test_worker_parts

DEBUGGER = tests/unit/daemon/debugger.c tests/unit/daemon/debugger.h
OPENERS_MADE = tests/unit/daemon/openers_made.c tests/unit/daemon/openers_made.h
tests_unit_daemon_test_worker_openers_SOURCES = tests/unit/daemon/test_worker_openers.c $(OPENERS_MADE) $(TAP)
tests_unit_daemon_test_worker_openers_LDADD = $(WORKER_LIBS)

UNIT_TESTS += tests/unit/daemon/test_worker_openers_ends
tests_unit_daemon_test_worker_openers_ends_SOURCES = tests/unit/daemon/test_worker_openers_ends.c $(OPENERS_MADE) $(DEBUGGER) $(TAP)
tests_unit_daemon_test_worker_openers_ends_LDADD = $(WORKER_LIBS)

UNIT_TESTS += tests/unit/daemon/test_worker_process tests/unit/daemon/test_worker_slot
tests_unit_daemon_test_worker_process_SOURCES = tests/unit/daemon/test_worker_process.c $(DEBUGGER) $(TAP)
tests_unit_daemon_test_worker_process_LDADD = $(WORKER_LIBS)
tests_unit_daemon_test_worker_slot_SOURCES = tests/unit/daemon/test_worker_slot.c $(DEBUGGER) $(TAP)
tests_unit_daemon_test_worker_slot_LDADD = $(WORKER_LIBS)

tests_unit_daemon_test_worker_ends_SOURCES = tests/unit/daemon/test_worker_ends.c tests/unit/daemon/worker_fake.c \
	tests/unit/daemon/worker_fake.h $(DEBUGGER) $(WIRE_PAIR) $(TAP)
tests_unit_daemon_test_worker_ends_LDADD = $(WORKER_LIBS)

tests_unit_daemon_test_worker_leave_SOURCES = tests/unit/daemon/test_worker_leave.c tests/unit/daemon/worker_fake.c \
	tests/unit/daemon/worker_fake.h $(WIRE_PAIR) $(TAP)
tests_unit_daemon_test_worker_leave_LDADD = $(WORKER_LIBS)

tests_unit_daemon_test_worker_cage_SOURCES = tests/unit/daemon/test_worker_cage.c $(TAP)
tests_unit_daemon_test_worker_cage_LDADD = $(WORKER_LIBS)

tests_unit_daemon_test_worker_SOURCES = tests/unit/daemon/test_worker.c tests/unit/daemon/worker_fake.c \
	tests/unit/daemon/worker_fake.h $(WIRE_PAIR) $(TAP)
tests_unit_daemon_test_worker_LDADD = $(WORKER_LIBS)

tests_unit_daemon_test_worker_split_SOURCES = tests/unit/daemon/test_worker_split.c tests/unit/daemon/worker_fake.c \
	tests/unit/daemon/worker_fake.h tests/unit/fastq/drive.c tests/unit/fastq/made.c tests/unit/fastq/wanted.c $(FASTQ_MADE_GZIP) \
	$(WIRE_PAIR) $(TAP)
tests_unit_daemon_test_worker_split_LDADD = $(WORKER_LIBS)

tests_unit_daemon_test_worker_brief_SOURCES = tests/unit/daemon/test_worker_brief.c tests/unit/daemon/worker_fake.c \
	tests/unit/daemon/worker_fake.h $(WIRE_PAIR) $(TAP)
tests_unit_daemon_test_worker_brief_LDADD = $(WORKER_LIBS)

tests_unit_daemon_test_worker_parts_SOURCES = tests/unit/daemon/test_worker_parts.c $(TAP)
tests_unit_daemon_test_worker_parts_LDADD = $(WORKER_LIBS)

# The coordinator's core, by its events and actions.
UNIT_TESTS += tests/unit/daemon/test_core tests/unit/daemon/test_core_failures tests/unit/daemon/test_core_slices \
	tests/unit/daemon/test_core_again tests/unit/daemon/test_core_copies tests/unit/daemon/test_core_nodes \
	tests/unit/daemon/test_core_owners
CORE_FAKE = tests/unit/daemon/core_fake.c tests/unit/daemon/core_fake.h

tests_unit_daemon_test_core_SOURCES = tests/unit/daemon/test_core.c $(CORE_FAKE) $(TAP)
tests_unit_daemon_test_core_LDADD = $(COORD_LIBS)

tests_unit_daemon_test_core_again_SOURCES = tests/unit/daemon/test_core_again.c $(CORE_FAKE) $(TAP)
tests_unit_daemon_test_core_again_LDADD = $(COORD_LIBS)

UNIT_TESTS += tests/unit/daemon/test_core_groups
tests_unit_daemon_test_core_groups_SOURCES = tests/unit/daemon/test_core_groups.c $(CORE_FAKE) $(TAP)
tests_unit_daemon_test_core_groups_LDADD = $(COORD_LIBS)

UNIT_TESTS += tests/unit/daemon/test_core_kept
tests_unit_daemon_test_core_kept_SOURCES = tests/unit/daemon/test_core_kept.c $(CORE_FAKE) $(TAP)
tests_unit_daemon_test_core_kept_LDADD = $(COORD_LIBS)

UNIT_TESTS += tests/unit/daemon/test_core_word
tests_unit_daemon_test_core_word_SOURCES = tests/unit/daemon/test_core_word.c $(CORE_FAKE) $(TAP)
tests_unit_daemon_test_core_word_LDADD = $(COORD_LIBS)

UNIT_TESTS += tests/unit/daemon/test_core_random
tests_unit_daemon_test_core_random_SOURCES = tests/unit/daemon/test_core_random.c $(CORE_FAKE) $(TAP)
tests_unit_daemon_test_core_random_LDADD = $(COORD_LIBS)

UNIT_TESTS += tests/unit/daemon/test_core_split
tests_unit_daemon_test_core_split_SOURCES = tests/unit/daemon/test_core_split.c $(CORE_FAKE) $(TAP)
tests_unit_daemon_test_core_split_LDADD = $(COORD_LIBS)

tests_unit_daemon_test_core_failures_SOURCES = tests/unit/daemon/test_core_failures.c $(CORE_FAKE) $(TAP)
tests_unit_daemon_test_core_failures_LDADD = $(COORD_LIBS)

tests_unit_daemon_test_core_slices_SOURCES = tests/unit/daemon/test_core_slices.c $(CORE_FAKE) $(TAP)
tests_unit_daemon_test_core_slices_LDADD = $(COORD_LIBS)

tests_unit_daemon_test_core_copies_SOURCES = tests/unit/daemon/test_core_copies.c $(CORE_FAKE) $(TAP)
tests_unit_daemon_test_core_copies_LDADD = $(COORD_LIBS)

tests_unit_daemon_test_core_nodes_SOURCES = tests/unit/daemon/test_core_nodes.c $(CORE_FAKE) $(TAP)
tests_unit_daemon_test_core_nodes_LDADD = $(COORD_LIBS)

tests_unit_daemon_test_core_owners_SOURCES = tests/unit/daemon/test_core_owners.c $(CORE_FAKE) $(STORE_MADE) $(TAP)
tests_unit_daemon_test_core_owners_LDADD = $(COORD_LIBS)

UNIT_TESTS += tests/unit/daemon/test_core_journal
tests_unit_daemon_test_core_journal_SOURCES = tests/unit/daemon/test_core_journal.c $(CORE_FAKE) $(TAP)
tests_unit_daemon_test_core_journal_LDADD = $(COORD_LIBS)

UNIT_TESTS += tests/unit/daemon/test_core_lies
tests_unit_daemon_test_core_lies_SOURCES = tests/unit/daemon/test_core_lies.c $(CORE_FAKE) $(TAP)
tests_unit_daemon_test_core_lies_LDADD = $(COORD_LIBS)

# Users for whom a worker vouches.
UNIT_TESTS += tests/unit/daemon/test_vouch
tests_unit_daemon_test_vouch_SOURCES = tests/unit/daemon/test_vouch.c $(COORD_REAL)
tests_unit_daemon_test_vouch_LDADD = $(COORD_LIBS)
