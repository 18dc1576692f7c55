/** The report's style sheet. Both colour schemes, one column, nothing that moves by itself. */
export const STYLE = `
:root { color-scheme: light dark; --ground: #fbfbfa; --card: #ffffff; --ink: #1b2430; --quiet: #5b6673; --line: #dfe3e8; --accent: #00619c; --wrong: #b34700; --right: #00664a; --mark: #fff3d6; }
@media (prefers-color-scheme: dark) { :root { --ground: #101317; --card: #16191d; --ink: #e4e7eb; --quiet: #a3abb5; --line: #2c333b; --accent: #74bdf0; --wrong: #ff9a52; --right: #4fd1a1; --mark: #3a3115; } }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.55 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
main, .top > div { max-width: 1180px; margin: 0 auto; padding: 0 24px; }
.top { padding: 36px 0 8px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -0.01em; }
h2 { font-size: 22px; margin: 0 0 8px; letter-spacing: -0.01em; }
h3 { font-size: 16px; margin: 28px 0 6px; }
h4 { font-size: 15px; margin: 0 0 8px; }
p { max-width: 74ch; margin: 6px 0 12px; }
.quiet, small { color: var(--quiet); font-size: 13px; }
.wrong { color: var(--wrong); } .right { color: var(--right); }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); margin: 0; }
.cards { display: flex; flex-wrap: wrap; gap: 12px; padding: 0; margin: 20px 0 4px; list-style: none; }
.cards li { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px 18px; min-width: 118px; }
.cards b { display: block; font-size: 24px; line-height: 1.25; font-variant-numeric: tabular-nums; font-weight: 600; }
nav { position: sticky; top: 0; z-index: 5; background: var(--ground); border-bottom: 1px solid var(--line); }
nav ul { max-width: 1180px; margin: 0 auto; padding: 0 16px; display: flex; overflow-x: auto; list-style: none; }
nav a { display: block; padding: 11px 10px; color: var(--quiet); text-decoration: none; white-space: nowrap; }
nav a:hover { color: var(--ink); }
a { color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
section { padding: 30px 0 14px; border-bottom: 1px solid var(--line); scroll-margin-top: 44px; }
section:last-child { border: 0; }
button, select { font: inherit; font-size: 14px; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 7px; padding: 5px 11px; cursor: pointer; max-width: 16em; }
button:hover { border-color: var(--quiet); }
button[aria-pressed="true"] { background: var(--accent); border-color: var(--accent); color: var(--ground); }
.toolbar { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: center; margin: 10px 0; }
.toolbar label { font-size: 14px; color: var(--quiet); } .toolbar select { color: var(--ink); }
.group { display: flex; gap: 4px; }
.map { position: relative; height: min(72vh, 720px); min-height: 340px; background: var(--card); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
canvas { display: block; width: 100%; height: 100%; touch-action: none; cursor: grab; }
canvas.dragging { cursor: grabbing; } canvas.lasso { cursor: crosshair; } canvas.over { cursor: pointer; }
#card { position: absolute; left: 0; top: 0; pointer-events: none; background: var(--card); border: 1px solid var(--line); border-radius: 10px; box-shadow: 0 6px 24px rgb(0 0 0 / 0.18); padding: 10px; max-width: min(440px, 92%); }
#card .who { display: flex; gap: 10px; align-items: center; overflow-wrap: anywhere; }
#selection { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px 14px; margin: 6px 0 12px; }
.face { display: inline-block; width: 64px; height: 64px; border-radius: 6px; background-color: var(--line); background-repeat: no-repeat; flex: none; vertical-align: middle; }
.strip { display: flex; flex-wrap: wrap; gap: 6px; margin: 6px 0; }
.strip figure, .hit { margin: 0; text-align: center; font-size: 12.5px; font-variant-numeric: tabular-nums; }
.hit .face { display: block; margin: 0 auto 2px; box-shadow: 0 0 0 2px var(--tone, transparent); }
.hit.is-right { --tone: var(--right); } .hit.is-wrong { --tone: var(--wrong); }
.hit.is-right b { color: var(--right); } .hit.is-wrong b { color: var(--wrong); }
#grid .rowline { display: flex; gap: 14px 22px; align-items: center; padding: 9px 8px; border-top: 1px solid var(--line); flex-wrap: wrap; content-visibility: auto; contain-intrinsic-size: auto 112px; }
#grid .rowline.found { background: var(--mark); }
#grid .query { display: flex; gap: 12px; align-items: center; width: 320px; overflow-wrap: anywhere; }
#grid .hits { display: flex; gap: 16px; flex-wrap: wrap; }
#grid .hit { width: 112px; overflow-wrap: anywhere; line-height: 1.3; }
#more { margin: 12px 0; }
.pairs { list-style: none; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(min(330px, 100%), 1fr)); gap: 10px; }
.pairs li { display: flex; gap: 6px; align-items: center; background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 8px; font-size: 13px; overflow-wrap: anywhere; }
.scroll { overflow: auto; max-height: 560px; border: 1px solid var(--line); border-radius: 10px; background: var(--card); }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { text-align: left; padding: 7px 12px; border-bottom: 1px solid var(--line); vertical-align: middle; font-weight: normal; overflow-wrap: break-word; min-width: 5em; }
tbody tr:last-child > * { border-bottom: 0; }
thead th { position: sticky; top: 0; background: var(--card); color: var(--quiet); font-size: 13px; z-index: 1; }
.factors thead th { position: static; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.faces { white-space: nowrap; } .faces .face { margin-right: 6px; }
.kind th { color: var(--quiet); font-size: 13px; padding-top: 14px; background: var(--ground); }
.bar { display: block; width: 100%; min-width: 90px; height: 5px; margin-top: 3px; } .bar .fall { fill: var(--wrong); } .bar .rise { fill: var(--accent); }
.figure { overflow-x: auto; margin: 10px 0; } .figure svg { max-width: 100%; height: auto; border-radius: 10px; border: 1px solid var(--line); }
.row { display: flex; flex-wrap: wrap; gap: 16px; } .row .figure { flex: 1 1 440px; }
.declared, .heat { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(480px, 100%), 1fr)); gap: 14px; }
.declared article, .heat figure { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px; margin: 0; }
.heat div { display: flex; flex-wrap: wrap; gap: 4px; } .heat img { border-radius: 6px; } .heat figcaption { font-size: 13px; color: var(--quiet); margin-top: 6px; }
.less { color: var(--wrong); } .moreso { color: var(--accent); }
.couple { display: inline-flex; gap: 2px; align-items: center; margin-right: 10px; } .couple small { margin-left: 4px; }
.strokes { width: 100%; max-width: 460px; margin: 4px 0; display: block; overflow: visible; } .strokes path { fill: none; stroke-width: 1.4; } .strokes text { font-size: 7.5px; fill: var(--quiet); } .strokes .own { stroke: var(--right); } .strokes .other { stroke: var(--wrong); } .strokes .axis { stroke: var(--line); } .strokes .cut { stroke: var(--ink); stroke-dasharray: 3 2; stroke-width: 1; }
footer { max-width: 1180px; margin: 0 auto; padding: 8px 24px 48px; color: var(--quiet); font-size: 13px; overflow-wrap: anywhere; }
@media (max-width: 640px) { main, .top > div, footer { padding-left: 14px; padding-right: 14px; } h1 { font-size: 24px; } #grid .query { width: 100%; } .map { height: 62vh; } th, td { padding: 6px 7px; } nav ul { flex-wrap: wrap; overflow: visible; padding: 2px 6px; } nav a { padding: 6px 8px; } .stacks thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); } .stacks, .stacks tbody, .stacks tr { display: block; } .stacks tr { padding: 8px 10px; border-bottom: 1px solid var(--line); } .stacks tbody tr:last-child { border-bottom: 0; } .stacks tr > * { display: flow-root; padding: 2px 0; border: 0; text-align: right; white-space: normal; overflow-wrap: anywhere; } .stacks tr > *::before { content: attr(data-label); color: var(--quiet); float: left; margin-right: 14px; } .factors tr > th { text-align: left; } .factors .kind { padding: 10px 10px 2px; border: 0; } }
@media print { :root { color-scheme: light; --ground: #ffffff; --card: #ffffff; --ink: #1b2430; --quiet: #5b6673; --line: #dfe3e8; --accent: #00619c; --wrong: #b34700; --right: #00664a; --mark: #fff3d6; } nav, .toolbar, #more, #selection { display: none; } .toolbar:has(#shown) { display: block; } .toolbar:has(#shown) > :not(#shown) { display: none; } main, .top > div, footer { max-width: none; padding-left: 0; padding-right: 0; } .scroll { overflow: visible; max-height: none; border: 0; } .figure { overflow: visible; } table { font-size: 10px; } td .quiet, th .quiet { font-size: 9px; } .factors th[scope="row"] { min-width: 15em; } #keys { display: none; } #grid .query { width: 220px; } .figure .arcface-figure { color: #1b2430; } .figure .arcface-figure .ground { fill: #ffffff; } .figure .arcface-figure .halo { stroke: #ffffff; } .figure .arcface-figure .quiet { fill: #5b6673; } th, td { padding: 3px 5px; min-width: 0; } thead th { position: static; } .map { height: 480px; } #grid .rowline { content-visibility: visible; } #grid .rowline, .pairs li, .declared article, .heat figure, .figure, tr { break-inside: avoid; } h2, h3, h4 { break-after: avoid; } * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
`;
