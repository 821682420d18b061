"""The style of report.html: cards on a grid, in light and dark, from a telephone to a wide screen.

A plot is drawn for each of three widths, because letters in an SVG shrink with it; the style shows the one that fits.
"""

STYLE = """
:root{--ground:#f8fafc;--card:#fff;--ink:#0f172a;--soft:#475569;--edge:#e2e8f0;--accent:#0f766e}
@media(prefers-color-scheme:dark){
:root{--ground:#0b1120;--card:#0f172a;--ink:#f1f5f9;--soft:#a3b1c6;--edge:#233047;--accent:#2dd4bf}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}
main{max-width:1340px;margin:0 auto;padding:28px 20px 48px}
h1{font-size:clamp(22px,3vw,32px);line-height:1.2;margin:0 0 18px;letter-spacing:-.02em}
h2{font-size:17px;margin:0 0 2px}
p{margin:0 0 10px;color:var(--soft);font-size:14px}
.tiles{display:grid;grid-template-columns:repeat(4,1fr);gap:14px;margin:0 0 18px}
.tiles div{background:var(--card);border:1px solid var(--edge);border-radius:12px;padding:14px 18px}
.tiles div:last-child dd{color:var(--accent)}
dt{color:var(--soft);font-size:13px}dd{margin:0;font-size:26px;font-weight:650;font-variant-numeric:tabular-nums}
.grid{display:grid;grid-template-columns:1fr 1fr;gap:18px;grid-auto-flow:dense}
.card{background:var(--card);border:1px solid var(--edge);border-radius:12px;padding:18px;min-width:0}
.full{grid-column:1/-1}
svg{display:block;max-width:100%;height:auto}
.narrow,.card.full .mid{display:none}
details{margin-top:10px;color:var(--soft);font-size:13px}
summary{cursor:pointer;width:max-content;max-width:100%;padding:4px 0}
summary:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:3px 10px;text-align:right;border-bottom:1px solid var(--edge);white-space:nowrap}
th:first-child{text-align:left}
.texts td,.texts th{text-align:left;white-space:normal;vertical-align:top;overflow-wrap:anywhere;min-width:90px}
footer{margin-top:24px;color:var(--soft);font-size:14px}
footer ul{margin:4px 0;padding-left:20px}
@media(max-width:1100px){.grid{grid-template-columns:1fr}.card.full .wide{display:none}.card.full .mid{display:block}}
@media(max-width:660px){
main{padding:18px 10px 32px}.card{padding:14px 12px}.tiles{grid-template-columns:1fr 1fr;gap:10px}dd{font-size:21px}
.mid,.card.full .mid{display:none}.narrow{display:block}}
"""
