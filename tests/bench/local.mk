# What "make bench" runs; nothing here is a test.

EXTRA_DIST += tests/bench/bench.py
bench: tests/tools/mkfastq ctl/fqctl daemon/fqcoordd daemon/fqworkerd
	$(PYTHON3) $(srcdir)/tests/bench/bench.py $(abs_top_builddir) $(BENCH)
.PHONY: bench
