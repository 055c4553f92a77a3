noinst_LIBRARIES += lib/libqc.a

lib_libqc_a_SOURCES = \
	lib/qc/count.c \
	lib/qc/count.h \
	lib/qc/counters.c \
	lib/qc/counters.h \
	lib/qc/csv.c \
	lib/qc/csv.h \
	lib/qc/decimal.c \
	lib/qc/decimal.h \
	lib/qc/length_table.c \
	lib/qc/length_table.h \
	lib/qc/lengths.c \
	lib/qc/lengths.h \
	lib/qc/module.c \
	lib/qc/module.h \
	lib/qc/quality_kernel.c \
	lib/qc/quality_kernel.h \
	lib/qc/quality_sum.c \
	lib/qc/quality_sum.h \
	lib/qc/quality_table.c \
	lib/qc/quality_table.h \
	lib/qc/quality_table_pack.c \
	lib/qc/quality_table_pack.h \
	lib/qc/varint.c \
	lib/qc/varint.h
