# SPDX-License-Identifier: GPL-3.0-or-later
"""What every page of ours is held to in a browser (chromium.py): it complains of nothing, asks for nothing else, does not scroll sideways,
its letters can be read against what is behind them, and the keyboard's way through it is seen.
"""
import report

WIDTHS = (360, 800, 1600)
CONTRAST = 4.5  # of letters against what is behind them
CONTRAST_FRAME = 3  # of the frame around what the keyboard is at
STEPS_MOST = 2000

# Elements that reach beyond the screen, but for what scrolls in its own box.
BEYOND = """[...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll, .store'))
    .filter(e => { const b = e.getBoundingClientRect(); return b.width > 0 && (b.right > innerWidth + 0.5 || b.left < -0.5); })
    .map(e => e.tagName + ' ' + (e.getAttribute('class') || '') + ' ' + e.textContent.slice(0, 30))"""

# The colours of letters and of what is behind them.
COLOURS = """[...document.querySelectorAll('h1, h2, dt, dd, nav a, .tally span, .about, .verdict, .verdict b, .keys li, summary, a, button,'
    + ' td, th, footer, .none, .note, .dim:not(.dot), .alarm, .two, .ago span, .top, .plot text')]
    .filter(e => e.getClientRects().length > 0).map(e => {
    const style = getComputedStyle(e), letters = e.closest('svg') ? style.fill : style.color;
    let behind = e;
    while (behind && (getComputedStyle(behind).backgroundColor == 'rgba(0, 0, 0, 0)')) behind = behind.parentElement;
    return [letters, getComputedStyle(behind || document.body).backgroundColor, e.tagName + ' ' + e.textContent.slice(0, 20)]; })"""

# How many links, buttons and boxes there are for the keyboard.
REACHED = """[...document.querySelectorAll('a[href], button, summary, [tabindex="0"]')].filter(e => e.getClientRects().length > 0).length"""

# What the keyboard is at, and how that is shown; null: nothing.
FOCUSED = """(() => {
    const e = document.activeElement, style = getComputedStyle(e);
    if (e == document.body || e == document.documentElement) return null;
    let behind = e.parentElement;
    while (behind && getComputedStyle(behind).backgroundColor == 'rgba(0, 0, 0, 0)') behind = behind.parentElement;
    return [style.outlineStyle == 'none' ? 0 : parseFloat(style.outlineWidth), style.outlineColor,
        getComputedStyle(behind || document.body).backgroundColor, e.tagName + ' ' + e.textContent.trim().slice(0, 20)]; })()"""


def luminance(colour):
    parts = [float(p) / 255 for p in colour[colour.index("(") + 1:-1].split(",")[:3]]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def check(page, title, width, addresses):
    complaints, requests = page.complaints(), page.requests()
    report.ok(not complaints, f"{title}: no complaint", complaints)
    report.ok(requests == addresses, f"{title}: it asks for nothing", requests)
    wide, beyond = page.run("document.documentElement.scrollWidth"), page.run(BEYOND)
    report.ok(wide <= width and not beyond, f"{title}: it does not scroll sideways", [wide, *beyond[:5]])


def check_colours(page, title, dark):
    colours = page.run(COLOURS)
    pale = [(what, round(contrast(letters, behind), 2)) for letters, behind, what in colours if contrast(letters, behind) < CONTRAST]
    report.ok(colours and not pale, f"{title}: {len(colours)} texts can be read", pale[:5])
    behind = luminance(page.run("getComputedStyle(document.body).backgroundColor"))
    report.ok(behind < 0.1 if dark else behind > 0.8, f"{title}: as the screen is", behind)


def check_keyboard(page, title):
    """By the tabulator through all that can be reached: links, buttons, and what scrolls in its own box."""
    wants = page.run(REACHED)
    seen, faint = 0, []
    while seen < STEPS_MOST:
        page.tab()
        at = page.run(FOCUSED)
        if at is None:
            break
        seen += 1
        if at[0] < 1 or contrast(at[1], at[2]) < CONTRAST_FRAME:
            faint.append(at)
    report.ok(seen == min(wants, STEPS_MOST), f"{title}: the keyboard comes to all {wants} links, buttons and boxes", seen)
    report.ok(not faint, f"{title}: and where it is can be seen", faint[:5])
