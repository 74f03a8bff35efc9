// The one style sheet of the HTML file: light and dark, on screen and on paper.

export const STYLE = `
:root{color-scheme:light dark;--ground:#fff;--ink:#1c2024;--soft:#5f6b76;--line:#b9c2cb;--panel:#f4f6f8;--window:#fff1cc;
--bar:#b46a00;--bad:#c4221a;--run:#2662b8}
@media (prefers-color-scheme:dark){:root{--ground:#14171a;--ink:#e6e9ec;--soft:#98a4af;--line:#4a545e;--panel:#1d2226;
--window:#3a2f12;--bar:#f0b03f;--bad:#ff7b70;--run:#7fb0ff}}
*{box-sizing:border-box}
body{margin:0;height:100vh;display:grid;grid-template-columns:1fr 21rem;background:var(--ground);color:var(--ink);
font:15px/1.5 system-ui,sans-serif}
main{overflow:auto;outline-offset:-2px}
header{padding:1.25rem 1.5rem .5rem;max-width:60rem;position:sticky;left:0}
h1{font-size:1.35rem;margin:0;color:var(--bad)}
h2{font-size:1rem;margin:0 0 .75rem}
.sentence{font-size:1.1rem;margin:.5rem 0;overflow-wrap:anywhere}
a{color:var(--run)}
.message{margin:.5rem 0;padding:.5rem .75rem;background:var(--panel);border-left:3px solid var(--bad);white-space:pre-wrap;
overflow-wrap:anywhere;max-height:14rem;overflow:auto;font-size:.85rem}
.legend,.hint{color:var(--soft);font-size:.9rem;margin:.5rem 0}
.band{background:var(--window);color:var(--ink);padding:0 .3em;border-left:4px solid var(--bar)}
.head{position:sticky;top:0;background:var(--ground);border-bottom:1px solid var(--line);width:max-content;min-width:100%;z-index:1}
svg{display:block;font:12px/1 ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace}
svg text{fill:var(--ink);white-space:pre}
.name{font-weight:700;font-size:14px}
.number,.word{text-anchor:end}
svg .number,svg .arrow{fill:var(--soft)}
svg .word{fill:var(--bar);font-weight:700}
.window{fill:var(--window)}
.bar{fill:var(--bar)}
.lane{stroke:var(--line);stroke-width:1.5}
.switch{fill:none;stroke:var(--run);stroke-width:1.5;opacity:.7}
.dot{fill:var(--run);stroke:var(--ground);stroke-width:1.5}
.start .dot,.restart .dot{fill:var(--ground);stroke:var(--run)}
.bad .dot{fill:var(--bad)}
.bad .cross{fill:none;stroke:var(--bad);stroke-width:2.5}
svg .bad .outcome,svg .crash .call,svg .power-loss .call{fill:var(--bad)}
.is-first .call,.is-between .call,.is-last .call{font-weight:700}
.row{fill:transparent}
.step{cursor:pointer;outline:none}
.step:hover .row{fill:var(--run);fill-opacity:.1}
.step[aria-selected=true] .row{fill:var(--run);fill-opacity:.2}
.step:focus-visible .row{stroke:var(--run);stroke-width:1.5}
aside{background:var(--panel);border-left:1px solid var(--line);padding:1.25rem;overflow:auto}
dl{margin:0}
dt{color:var(--soft);font-size:.8rem;margin-top:.7rem}
dd{margin:0;font-family:ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;font-size:.85rem;white-space:pre-wrap;overflow-wrap:anywhere}
@media (max-width:56rem){body{grid-template-columns:1fr;grid-template-rows:1fr 34vh}aside{border-left:0;border-top:1px solid var(--line)}}
@media print{:root{--ground:#fff;--ink:#000;--soft:#444;--line:#999;--panel:#fff;--window:#fff1cc;--bar:#b46a00;--bad:#b00;--run:#124a9c}
body{display:block;height:auto;print-color-adjust:exact;-webkit-print-color-adjust:exact}main{overflow:visible}
aside,.hint{display:none}.head{position:static}.message{max-height:none}}
`;
