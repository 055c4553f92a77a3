# What targets of writers ask of what was written.
FUZZ_FORMS = tests/fuzz/forms.c tests/fuzz/forms_page.c tests/fuzz/forms.h
