# The simulator of the coordinator: programs in check_PROGRAMS, the long run in HEAVY_TESTS.
