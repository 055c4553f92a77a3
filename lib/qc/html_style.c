/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The look of the page: see html_style.h. Colours are of a set that colour-blind eyes can tell apart, each with a line style of its
 * own (s: colour, d: dashes); the page has one set for light and one for dark screens, and paper is light.
 */
#include "lib/qc/html_style.h"

#define LIGHT \
	"color-scheme: light; --back: #f3f5f8; --card: #fff; --fore: #1b2430; --dim: #566273; --line: #dce2ea; --soft: #f4f6f9;" \
	" --link: #0b5cad; --pass: #1a7f3c; --warn: #a85d00; --fail: #b9261c; --sign: #fff;" \
	" --s0: #0068a8; --s1: #cf5a00; --s2: #00805c; --s3: #a8478c; --s4: #a57800; --s5: #2f97c9; --s6: #2b3340; --s7: #80502a;" \
	" --box: #b9c9dc; --whisker: #8894a5; --median: #1b2430; --good: #e6f3ea; --fair: #fbf2dc; --poor: #fae6e3;" \
	/* in grey, as printed: worse than the average is darker than it, better is lighter */ \
	" --h0: #7d1006; --h1: #cb4a12; --h2: #e58c46; --h3: #e6bb95; --h4: #ccd4de; --h5: #d5e5f2; --h6: #cdecfb; --h7: #aeeefe;" \
	" --h8: #7df7ff;"
#define DARK \
	"color-scheme: dark; --back: #11151b; --card: #191f27; --fore: #e4e8ee; --dim: #9ba7b7; --line: #2f3844; --soft: #212832;" \
	" --link: #7db8f7; --pass: #5ccb80; --warn: #f2b450; --fail: #ff8378; --sign: #11151b;" \
	" --s0: #5fb2ef; --s1: #ff9350; --s2: #3ccf9f; --s3: #e696cc; --s4: #efc54e; --s5: #9bdcff; --s6: #dfe4ea; --s7: #cda27b;" \
	" --box: #46586f; --whisker: #7c899b; --median: #f0f3f7; --good: #1a2b22; --fair: #2e2818; --poor: #33201f;" \
	" --h0: #ff6a4d; --h1: #e0622c; --h2: #a04a20; --h3: #5c3524; --h4: #262d37; --h5: #2a4560; --h6: #35689c; --h7: #5a9fe6;" \
	" --h8: #b5dcff;"

const char html_style[] =
	":root { " LIGHT " }\n"
	"@media screen and (prefers-color-scheme: dark) { :root { " DARK " } }\n"
	/* the page */
	"* { box-sizing: border-box; }\n"
	"html { scroll-behavior: smooth; scroll-padding-top: 1rem; -webkit-text-size-adjust: 100%; }\n"
	"body { margin: 0 auto; max-width: 76rem; padding: 0 1.5rem; background: var(--back); color: var(--fore);"
	" font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif;"
	" display: grid; grid-template-columns: 16rem minmax(0, 1fr); column-gap: 2rem; }\n"
	".store { position: absolute; }\n"
	"header, footer { grid-column: 1 / -1; }\n"
	"header { padding: 2rem 0 1.2rem; }\n"
	".kind { margin: 0; color: var(--dim); font-size: 13px; letter-spacing: .02em; }\n"
	"h1 { font-size: 1.75rem; line-height: 1.25; font-weight: 650; letter-spacing: -.01em; margin: .1rem 0 1.1rem;"
	" overflow-wrap: anywhere; }\n"
	".figures { display: grid; grid-template-columns: repeat(6, minmax(0, 1fr)); gap: 1px; margin: 0;"
	" border: 1px solid var(--line); border-radius: 10px; overflow: hidden; background: var(--card); }\n"
	".figures div { box-shadow: 0 0 0 1px var(--line); padding: .7rem 1rem .65rem; }\n"
	"dt { color: var(--dim); font-size: 13px; }\n"
	"dd { margin: 0; font-size: 1.4rem; line-height: 1.3; font-weight: 600; font-variant-numeric: tabular-nums;"
	" white-space: nowrap; }\n"
	"dd small { font-size: .65em; font-weight: 500; color: var(--dim); }\n"
	"footer { color: var(--dim); margin-top: .6rem; padding: 0 0 2rem; font-size: 13px; }\n"
	/* the summary */
	"nav { position: sticky; top: 0; align-self: start; padding: 0 0 1rem; max-height: 100vh; overflow-y: auto; }\n"
	".tally { display: flex; gap: .9rem; margin: .2rem .5rem .5rem; font-size: 13px; }\n"
	".tally b { font-size: 15px; }\n"
	".pass { color: var(--pass); }\n.warn { color: var(--warn); }\n.fail { color: var(--fail); }\n"
	"nav ul, .keys { list-style: none; margin: 0; padding: 0; }\n"
	"nav a { display: flex; align-items: center; gap: .6rem; padding: .3rem .5rem; border-radius: 7px; color: inherit;"
	" font-size: 14px; line-height: 1.35; }\n"
	"nav a:hover { background: var(--card); text-decoration: none; }\n"
	"a { color: var(--link); text-decoration: none; }\n"
	"a:focus-visible, summary:focus-visible, .scroll:focus-visible { outline: 2px solid var(--link); outline-offset: 1px; }\n"
	".mark { flex: none; width: 16px; height: 16px; fill: currentColor; stroke: var(--sign); stroke-width: 1.8;"
	" stroke-linecap: round; }\n"
	"symbol circle, symbol .ground { stroke: none; }\n"
	"symbol path { fill: none; }\nsymbol .ground { fill: currentColor; }\n"
	/* the cards */
	".card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1.1rem 1.3rem 1.2rem;"
	" margin: 0 0 1.1rem; }\n"
	"h2 { display: flex; align-items: center; gap: .6rem; font-size: 1.13rem; line-height: 1.3; font-weight: 650; margin: 0 0 .3rem; }\n"
	"h2 .mark { width: 19px; height: 19px; }\n"
	".about { color: var(--dim); margin: 0 0 .25rem; max-width: 56rem; text-wrap: pretty; }\n"
	".verdict { margin: 0 0 .3rem; max-width: 56rem; text-wrap: pretty; overflow-wrap: anywhere; }\n"
	".verdict b { margin-right: .2em; }\n"
	".note { color: var(--dim); font-size: 13px; margin: .3rem 0 0; }\n"
	"figure { margin: .8rem 0 0; }\n"
	".keys { display: flex; flex-wrap: wrap; gap: .15rem 1.2rem; font-size: 13px; margin-bottom: .4rem; }\n"
	".keys li { display: flex; align-items: center; gap: .4rem; }\n"
	".keys svg { width: 30px; height: 12px; flex: none; }\n"
	".keys b { font-weight: 600; font-variant-numeric: tabular-nums; }\n"
	".keys.heat { gap: .15rem .7rem; }\n.keys.heat li { gap: .25rem; white-space: nowrap; }\n.keys.heat svg { width: 12px; }\n"
	/* the plots */
	".plot { display: block; width: 100%; height: auto; overflow: visible; font-size: 11px; fill: var(--fore); }\n"
	".plot text { fill: var(--dim); font-variant-numeric: tabular-nums; }\n"
	".plot .name { fill: var(--fore); }\n"
	".plot .x { text-anchor: middle; }\n"
	".plot .y { text-anchor: end; dominant-baseline: central; }\n"
	".plot .row { text-anchor: end; fill: var(--fore); }\n"
	".code, .overrepresented_sequences tbody th, .kmer_content tbody th"
	" { font-family: ui-monospace, 'DejaVu Sans Mono', 'Liberation Mono', monospace; }\n"
	"svg path, svg rect { vector-effect: non-scaling-stroke; }\n"
	".grid { stroke: var(--line); fill: none; }\n.axis { stroke: var(--dim); fill: none; }\n"
	".line { fill: none; stroke-width: 2; stroke-linejoin: round; }\n"
	".mean { stroke: var(--s0); }\n"
	".area { stroke: none; opacity: .16; }\n.area.range { fill: var(--whisker); opacity: .35; }\n"
	".area.quartiles { fill: var(--box); opacity: 1; }\n"
	".s0 { --c: var(--s0); }\n.s1 { --c: var(--s1); }\n.s2 { --c: var(--s2); }\n.s3 { --c: var(--s3); }\n.s4 { --c: var(--s4); }\n"
	".s5 { --c: var(--s5); }\n.s6 { --c: var(--s6); }\n.s7 { --c: var(--s7); }\n"
	".line[class*=' s'] { stroke: var(--c); }\n.area[class*=' s'], .bar { fill: var(--c); }\n"
	".d1 { stroke-dasharray: 7 4; }\n.d2 { stroke-dasharray: 2 3; }\n.d3 { stroke-dasharray: 9 3 2 3; }\n"
	".d4 { stroke-dasharray: 13 4; }\n"
	".box { fill: var(--box); }\n.whisker { stroke: var(--whisker); fill: none; }\n"
	".median { stroke: var(--median); fill: none; stroke-width: 1.6; }\n"
	".good { fill: var(--good); }\n.fair { fill: var(--fair); }\n.poor { fill: var(--poor); }\n"
	"path.limit { fill: none; stroke: currentColor; stroke-dasharray: 4 3; }\n"
	".plot text.limit { fill: currentColor; text-anchor: end; }\n"
	".hover rect { fill: transparent; }\n.hover rect:hover { fill: var(--fore); opacity: .09; }\n"
	".map path { fill: none; stroke-width: 1; vector-effect: none; shape-rendering: crispEdges; }\n"
	".h0 { fill: var(--h0); stroke: var(--h0); }\n.h1 { fill: var(--h1); stroke: var(--h1); }\n"
	".h2 { fill: var(--h2); stroke: var(--h2); }\n.h3 { fill: var(--h3); stroke: var(--h3); }\n"
	".h4 { fill: var(--h4); stroke: var(--h4); }\n"
	".h5 { fill: var(--h5); stroke: var(--h5); }\n.h6 { fill: var(--h6); stroke: var(--h6); }\n"
	".h7 { fill: var(--h7); stroke: var(--h7); }\n.h8 { fill: var(--h8); stroke: var(--h8); }\n"
	"rect[class^=h] { stroke: none; }\n"
	/* the tables */
	"details { margin-top: .7rem; }\n"
	"summary { color: var(--link); font-size: 14px; cursor: pointer; width: fit-content; }\n"
	".scroll { max-height: 26rem; overflow: auto; border: 1px solid var(--line); border-radius: 7px; width: fit-content;"
	" max-width: 100%; margin-top: .6rem; }\n"
	"table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13.5px; }\n"
	"th, td { padding: .18rem .85rem; text-align: right; white-space: nowrap; }\n"
	"th.text, td.text { text-align: left; }\n"
	"tbody th { text-align: left; font-weight: 500; }\n"
	"thead th { position: sticky; top: 0; background: var(--soft); border-bottom: 1px solid var(--line); font-weight: 600; }\n"
	"thead th:first-child { text-align: left; }\n"
	"tbody tr:nth-child(even) { background: var(--soft); }\n"
	".overrepresented_sequences td.text { white-space: normal; min-width: 13rem; }\n"
	".basic_statistics td { white-space: normal; overflow-wrap: anywhere; min-width: 9rem; }\n"
	".basic_statistics tbody th { color: var(--dim); white-space: normal; }\n"
	/* narrow screens: the letters of plots grow against their frames */
	"@media (max-width: 60rem) { body { display: block; padding: 0 1rem; } nav { position: static; max-height: none; }"
	" nav ul { columns: 2; column-gap: 1rem; } nav li { break-inside: avoid; } header { padding: 1.3rem 0 1rem; } "
	".figures { grid-template-columns: repeat(3, minmax(0, 1fr)); } }\n"
	"@media (max-width: 40rem) { body { padding: 0 .6rem; } .card { padding: .9rem .8rem 1rem; } h1 { font-size: 1.35rem; }"
	" .figures { grid-template-columns: repeat(2, minmax(0, 1fr)); } .figures div { padding: .5rem .8rem; } "
	"dd { font-size: 1.2rem; }"
	" .plot { font-size: 20px; } .plot .m { display: none; } .line { stroke-width: 1.6; } th, td { padding: .18rem .6rem; } }\n"
	"@media (max-width: 28rem) { nav ul { columns: 1; } }\n"
	"@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }\n"
	"@media print { :root { --back: #fff; } body { display: block; max-width: none; padding: 0; font-size: 10pt; }"
	" * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } nav { position: static; max-height: none; }"
	" nav ul { columns: 2; } .card { break-inside: avoid; border-width: 1px 0 0; border-radius: 0; padding: .8rem 0; }"
	" .scroll { max-height: none; max-width: none; overflow: visible; border: 0; } "
	"th, td { white-space: normal; padding: .1rem .4rem; }"
	" tbody th, td.text { overflow-wrap: anywhere; } details:not([open]) { display: none; } thead th { position: static; }"
	" .plot { max-width: 17cm; font-size: 11px; } }\n";
