"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent), w = data.words;
  const el = (name, attributes, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };

  // Tables as CSV: the plain values where cells show rounded ones.
  const quoted = text => {
    const safe = /^[=+@]/.test(text) ? "'" + text : text;
    return /[",\n]/.test(safe) ? '"' + safe.replaceAll('"', '""') + '"' : safe;
  };
  for (const table of document.querySelectorAll("table[id]")) {
    const button = el("button", {type: "button", class: "csv"}, w.csv);
    button.addEventListener("click", () => {
      const lines = [...table.rows].map(row => [...row.cells].map(c => quoted(c.dataset.value ?? c.textContent.trim())).join(","));
      const link = el("a", {download: table.id + ".csv", href: URL.createObjectURL(new Blob(["\ufeff" + lines.join("\r\n") + "\r\n"], {type: "text/csv"}))});
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
    (table.closest(".scroll") || table).after(button);
  }

  // Pictures as files that are complete in themselves.
  const save = (name, href) => el("a", {download: name, href}).click();
  for (const place of document.querySelectorAll(".save")) {
    const name = place.dataset.picture, address = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(data.pictures[name]);
    const svg = el("button", {type: "button", class: "csv"}, w.save_svg), png = el("button", {type: "button", class: "csv"}, w.save_png);
    svg.addEventListener("click", () => save(name + ".svg", address));
    png.addEventListener("click", async () => {
      const image = new Image(), canvas = el("canvas");
      image.src = address;
      await image.decode();
      [canvas.width, canvas.height] = [2 * image.naturalWidth, 2 * image.naturalHeight];
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      save(name + ".png", canvas.toDataURL("image/png"));
    });
    place.append(svg, " ", png);
  }

  // The list of ads.
  const list = document.getElementById("ads"), more = document.getElementById("more"), found = document.getElementById("found");
  const search = document.getElementById("search"), collar = document.getElementById("collar"), sort = document.getElementById("sort");
  if (!list) return;
  const PAGE = 20;
  const ads = data.ads.map(a => ({...a, sought: (a.title + "\n" + a.text + "\n" + a.said).toLowerCase()}));
  const orders = {
    doubt: (a, b) => a.sure - b.sure || a.row - b.row,
    row: (a, b) => a.row - b.row,
    by_title: (a, b) => a.title.localeCompare(b.title) || a.row - b.row,
    academic_score: (a, b) => b.academic - a.academic || a.row - b.row,
    hands_on_score: (a, b) => b.hands_on - a.hands_on || a.row - b.row,
  };
  let chosen = [], shown = 0;

  const marked = (text, spans) => {
    const out = document.createDocumentFragment();
    let at = 0;
    for (const [start, end, dimension, weight] of spans) {
      if (start < at) continue;
      out.append(text.slice(at, start));
      const name = w[dimension ? "key_hands_on" : "key_academic"];
      out.append(el("mark", {class: dimension ? "hands_on" : "academic", title: name + " " + weight}, text.slice(start, end)));
      at = end;
    }
    out.append(text.slice(at));
    return out;
  };
  const opened = ad => {
    const facts = el("p", {class: "facts"}, w.academic_score + " " + ad.academic.toFixed(1) + " · " + w.hands_on_score + " " + ad.hands_on.toFixed(1));
    if (ad.said) facts.append(" · " + ad.said);
    if (ad.cut) facts.append(" · " + w.cut);
    return el("div", {class: "ad"}, facts, ad.title ? el("strong", {}, marked(ad.title, ad.title_spans)) : "", ad.title ? "\n" : "", marked(ad.text, ad.spans));
  };
  const item = ad => {
    const sure = ad.collar === "unclear" ? "" : " " + Math.round(100 * ad.sure) + " %";
    const summary = el("summary", {}, el("b", {}, ad.title || ad.text.slice(0, 60) || w.no_title),
      el("span", {}, el("i", {class: "swatch " + ad.collar}), w[ad.collar] + sure));
    const details = el("details", {"data-collar": ad.collar, "data-row": ad.row}, summary);
    details.addEventListener("toggle", () => { if (details.open && details.children.length === 1) details.append(opened(ad)); });
    return el("li", {}, details);
  };
  const next = () => {
    list.append(...chosen.slice(shown, shown + PAGE).map(item));
    shown = Math.min(chosen.length, shown + PAGE);
    more.hidden = shown >= chosen.length;
  };
  const update = () => {
    const sought = search.value.trim().toLowerCase();
    chosen = ads.filter(a => (!collar.value || a.collar === collar.value) && (!sought || a.sought.includes(sought))).sort(orders[sort.value]);
    list.replaceChildren();
    shown = 0;
    next();
    found.textContent = w.found.replace("{n}", chosen.length);
  };
  search.addEventListener("input", update);
  collar.addEventListener("change", update);
  sort.addEventListener("change", update);
  more.addEventListener("click", () => { const first = shown; next(); list.children[first]?.querySelector("summary").focus(); });
  update();

  addEventListener("beforeprint", () => document.querySelectorAll("details.table").forEach(d => { d.open = true; }));
})();
