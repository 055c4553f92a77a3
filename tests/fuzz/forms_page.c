/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text and pages: see forms.h. Strict, and of XML only what a page of ours has. */
#include "tests/fuzz/forms.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"

#define DEEP_MAX 100 /* elements within each other */
#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"
#define BLANKS " \t\n"

struct page_text {
	const char *at, *end;
	struct name {
		const char *text;
		size_t n;
	} open[DEEP_MAX];
	size_t deep, scripts;
};

/* The next character, which XML has and no text of ours should lack. */
static uint32_t character(struct page_text *page)
{
	uint32_t code = 0;
	size_t n = text_utf8_length((const uint8_t *)page->at, (size_t)(page->end - page->at), &code);

	must(n > 0 && (code >= ' ' || code == '\n' || code == '\t') && !(code >= 0x7f && code < 0xa0) && code != 0xfffe && code != 0xffff);
	page->at += n;
	return code;
}

void must_be_text(const char *text, size_t n)
{
	struct page_text page = {.at = text, .end = text + n};

	while (page.at < page.end)
		(void)character(&page);
}

static bool comes(struct page_text *page, const char *text)
{
	size_t n = strlen(text);

	if ((size_t)(page->end - page->at) < n || memcmp(page->at, text, n) != 0)
		return false;
	page->at += n;
	return true;
}

static void blanks(struct page_text *page)
{
	while (page->at < page->end && strchr(BLANKS, *page->at))
		page->at++;
}

static struct name name(struct page_text *page)
{
	struct name name = {.text = page->at};

	while (page->at < page->end && strchr(NAME_LETTERS, *page->at))
		page->at++;
	name.n = (size_t)(page->at - name.text);
	must(name.n > 0);
	return name;
}

static bool name_is(struct name name, const char *text)
{
	return name.n == strlen(text) && memcmp(name.text, text, name.n) == 0;
}

/* Behind '&': a number of a character, or one of the five that XML has. */
static void reference(struct page_text *page)
{
	static const char *const names[] = {"amp;", "lt;", "gt;", "quot;", "apos;"};
	uint32_t code = 0;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (comes(page, names[i]))
			return;
	must(comes(page, "#"));
	while (page->at < page->end && *page->at >= '0' && *page->at <= '9' && code < 0x110000)
		code = code * 10 + (uint32_t)(*page->at++ - '0');
	must(comes(page, ";") && code >= ' ' && code < 0x110000);
}

/* A link stays here: a place of the page, what the coordinator serves, a report beside. */
static void link_check(const char *value, size_t n)
{
	const char *colon = memchr(value, ':', n), *slash = memchr(value, '/', n);

	must(!(n > 1 && value[0] == '/' && value[1] == '/'));
	if (n == strlen("data:,") && memcmp(value, "data:,", n) == 0)
		return;
	must(!colon || value[0] == '#' || (slash && slash < colon));
}

static void attribute(struct page_text *page)
{
	struct name key = name(page);
	const char *value;

	must(strncmp(key.text, "on", 2) != 0 && !name_is(key, "src"));
	must(comes(page, "=\""));
	value = page->at;
	while (page->at < page->end && *page->at != '"') {
		uint32_t code = character(page);

		must(code != '<');
		if (code == '&')
			reference(page);
	}
	if (name_is(key, "href"))
		link_check(value, (size_t)(page->at - value));
	must(comes(page, "\""));
}

/* What a script says is not markup; that of a page of ours has no attributes, and the page's policy its hash. */
static void script(struct page_text *page)
{
	while (!comes(page, "</script>")) {
		must(page->at < page->end);
		(void)character(page);
	}
	page->scripts++;
}

static void tag(struct page_text *page)
{
	static const char *const never[] = {"script", "iframe", "object", "embed", "form", "base", "img"};
	struct name element;

	if (comes(page, "script>")) {
		script(page);
		return;
	}
	if (comes(page, "/")) {
		element = name(page);
		must(page->deep > 0 && element.n == page->open[page->deep - 1].n &&
		     memcmp(element.text, page->open[page->deep - 1].text, element.n) == 0);
		page->deep--;
		must(comes(page, ">"));
		return;
	}
	element = name(page);
	for (size_t i = 0; i < sizeof never / sizeof *never; i++)
		must(!name_is(element, never[i]));
	for (;;) {
		const char *before = page->at;

		blanks(page);
		if (comes(page, "/>"))
			return;
		if (comes(page, ">"))
			break;
		must(page->at > before);
		attribute(page);
	}
	must(page->deep < DEEP_MAX);
	page->open[page->deep++] = element;
}

void must_be_page(const char *text, size_t n, size_t scripts)
{
	struct page_text page = {.at = text, .end = text + n};
	size_t roots = 0;

	must(comes(&page, "<!DOCTYPE html>"));
	while (page.at < page.end) {
		uint32_t code = character(&page);

		if (code == '<') {
			roots += page.deep == 0;
			tag(&page);
		} else if (code == '&') {
			reference(&page);
		} else {
			must(page.deep > 0 || strchr(BLANKS, (int)code));
		}
	}
	must(roots == 1 && page.deep == 0 && page.scripts == scripts);
}
