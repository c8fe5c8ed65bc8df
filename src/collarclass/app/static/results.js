// The rows of a labelled file: facets, search, a table of any length, and one ad at a time with its words tinted.

import { get, send } from "./api.js";
import { announce, copy, h, put, short } from "./dom.js";
import { badge } from "./plane.js";
import { key, read } from "./tint.js";
import { t } from "./words.js";

const LABELS = ["white", "blue", "gray", "unclear"];
const PAGE = 100; // rows asked for at once
const HEIGHT = 44; // pixels of a row; app.css has the same
const TALLEST = 8e6; // pixels: browsers lay out no element that is much taller
const FEW = 8; // values of a facet that are shown at first
const CELL = 42; // letters of a cell, in two lines
const EMPTY = { q: "", where: {}, low: 0, high: 1, sort: null, descending: false };

/** A cell's text, cut between words; its tip has it whole. */
const cell = (text) => h("span", { title: text }, short(text, CELL));
const labelled = (label) => [badge(label), t(label)];

/** What a facet, or a column of the table, is called. */
export const named = (name) => (name.startsWith("=") ? name.slice(1) : t(`facet_${name}`));

/** What a value of a facet is called. */
export function valued(name, value) {
  if (name === "collar" || name === "corrected_label") return t(value);
  if (name === "schooling_level") return t(value);
  if (name === "certificates") return value.split("; ").map((one) => (t.has(`certificate_${one}`) ? t(`certificate_${one}`) : one)).join(t("semicolon"));
  if (name === "confidence") return t(`sure_${value}`);
  if (name === "collar_note") return value.split("; ").map((note) => (t.has(`note_${note}`) ? t(`note_${note}`) : note)).join(t("semicolon"));
  return value;
}

/** A table that holds only the rows in sight. `fetch` gives rows from an offset on, `open` gets a row's place. */
function rowTable(columns, { rowsAt, sortBy, open }) {
  const body = h("tbody"), head = h("tr");
  const table = h("table", { class: "found" }, h("thead", {}, head), body);
  const rail = h("div", { class: "rail" }, table);
  const box = h("div", { class: "rows", tabindex: "0", role: "region", "aria-label": t("rowsHead") }, rail);
  let total = 0, first = 0, drawn = 0, pages = new Map();

  const size = () => Math.max(3, Math.floor((box.clientHeight - HEIGHT) / HEIGHT));
  const span = () => Math.max(1, rail.offsetHeight - box.clientHeight);

  function line() {
    const row = h("tr", {}, columns.map((column) => h("td", { class: `c-${column.name}` })));
    row.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const next = step > 0 ? row.nextElementSibling : row.previousElementSibling;
      if (next) next.querySelector("button")?.focus();
      else box.scrollTop += (step * span()) / Math.max(1, total - size());
    });
    return row;
  }

  async function ask(page, mine) {
    pages.set(page, null);
    const rows = await rowsAt(page * PAGE, PAGE);
    if (mine !== pages) return;
    pages.set(page, rows);
    draw();
  }

  let waiting = 0;
  function draw() {
    const n = Math.min(size(), total);
    first = total <= n ? 0 : Math.min(total - n, Math.round((box.scrollTop / span()) * (total - n)));
    while (body.children.length < n) body.append(line());
    while (body.children.length > n) body.lastChild.remove();
    const missing = new Set();
    [...body.children].forEach((row, i) => {
      const place = first + i, page = Math.floor(place / PAGE), values = pages.get(page)?.[place % PAGE];
      if (!values && !pages.has(page)) missing.add(page);
      row.setAttribute("aria-rowindex", place + 2);
      if (row.values === values && row.place === place && values) return;
      [row.values, row.place] = [values, place];
      row.classList.toggle("waiting", !values);
      columns.forEach((column, k) => put(row.children[k], values ? column.shown(values, () => open(place)) : k ? "" : "…"));
    });
    drawn = n;
    clearTimeout(waiting);
    const mine = pages;
    if (missing.size) waiting = setTimeout(() => missing.forEach((page) => ask(page, mine)), 40);
  }

  function show(count, sort, descending, rows) {
    total = count;
    pages = new Map(rows ? [[0, rows]] : []);
    table.setAttribute("aria-rowcount", total + 1);
    put(head, columns.map((column) => {
      const on = column.sort && column.sort === sort;
      return h("th", { scope: "col", class: `c-${column.name}`, "aria-sort": on ? (descending ? "descending" : "ascending") : null },
        column.sort ? h("button", { class: "sort", onclick: () => sortBy(column.sort) }, column.head, h("span", { "aria-hidden": "true" }, on ? (descending ? " ↓" : " ↑") : "")) : column.head);
    }));
    rail.style.height = `${Math.min(TALLEST, Math.max(1, total + 1) * HEIGHT)}px`;
    for (const row of body.children) row.values = undefined;
    box.scrollTop = 0;
    draw();
  }

  box.addEventListener("scroll", () => requestAnimationFrame(draw));
  const resized = new ResizeObserver(() => draw());
  resized.observe(box);
  return { element: box, show, draw, row: async (place) => {
    const page = Math.floor(place / PAGE);
    if (!pages.get(page)) pages.set(page, await rowsAt(page * PAGE, PAGE));
    return pages.get(page)[place % PAGE];
  }, changed: (place, values) => { pages.get(Math.floor(place / PAGE))[place % PAGE] = values; draw(); }, close: () => resized.disconnect(), seen: () => [first, drawn, total] };
}

function columnsOf(job) {
  return [
    { name: "number", sort: null, head: t("facet_row"), shown: (row) => t.number(row.row) },
    { name: "title", sort: "title", head: t("facet_title"), shown: (row, open) => h("button", { class: "plain", title: row.title, onclick: open }, short(row.title || row.text || t("noTitle"), CELL)) },
    { name: "collar", sort: "collar", head: t("label"), shown: (row) => [
      row.corrected_label ? h("del", {}, labelled(row.label)) : labelled(row.label),
      row.corrected_label ? h("ins", {}, labelled(row.corrected_label)) : row.second_label ? h("small", {}, ` ${t("orSecond", t(row.second_label))}`) : null] },
    { name: "collar_confidence", sort: "collar_confidence", head: t("facet_confidence"), shown: (row) => (row.confidence === null ? "" : t.percent(row.confidence)) },
    { name: "schooling_level", sort: "schooling_level", head: named("schooling_level"), shown: (row) => (row.schooling_level ? [t(row.schooling_level), h("small", {}, ` ${t(row.schooling_status)}`)] : "") },
    { name: "certificates", sort: "certificates", head: named("certificates"), shown: (row) => cell(valued("certificates", row.certificates)) },
    ...job.groups.filter((name) => name !== job.date).map((name) => ({ name: "own", sort: `=${name}`, head: name, shown: (row) => cell(row.groups[name] ?? "") })),
  ];
}

/** One ad in a window of its own, with the way to the ads before and behind it. */
function adWindow(job, changed) {
  const body = h("div", { class: "adbody" });
  const window_ = h("dialog", { class: "adwindow", "aria-labelledby": "adname" });
  let place = 0, of = 0, rowAt = null, asked = 0;

  async function open(at, total, row) {
    [place, of, rowAt] = [at, total, row];
    if (!window_.open) window_.showModal();
    await show();
  }

  async function show() {
    const mine = ++asked;
    window_.setAttribute("aria-busy", "true");
    const { row } = await rowAt(place);
    const ad = await get(`v1/files/${job.id}/rows/${row}`);
    if (mine !== asked) return;
    draw(ad, null);
    const words = ad.text.trim() || ad.title.trim();
    const found = words ? (await send("POST", "v1/classify", { text: ad.text, title: ad.title || null, lang: t.language() })).results[0] : null;
    if (mine !== asked) return;
    window_.removeAttribute("aria-busy");
    if (found) draw(ad, found);
  }

  async function correct(ad, label) {
    const fresh = await send("PUT", `v1/files/${job.id}/rows/${ad.row}`, { label });
    changed(place, fresh);
    announce(label ? t(label) : t("takenBack"));
    await show();
    window_.querySelector(`#right-${label ?? ad.corrected_label}`)?.focus();
  }

  function draw(ad, found) {
    const tinted = found ?? {};
    const step = (by, name) => h("button", { class: "button", id: name, disabled: place + by < 0 || place + by >= of, onclick: async () => { place += by; await show(); document.getElementById(name)?.focus(); } }, t(name));
    put(body,
      h("div", { class: "adbar" }, h("span", { class: "quiet" }, t("rowOf", t.number(ad.row))), step(-1, "before"), step(1, "behind"),
        h("button", { class: "button", id: "closeAd", onclick: () => window_.close() }, t("close"))),
      h("h2", { id: "adname" }, ad.title ? read(ad.title, "title", tinted) : t("noTitle")),
      h("p", { class: "verdictline" }, h("strong", {}, labelled(ad.label)),
        ad.second_label ? ` ${t("orSecond", t(ad.second_label))}` : "", ad.confidence === null ? "" : ` · ${t("sure", t.percent(ad.confidence))}`,
        ad.note ? ` · ${valued("collar_note", ad.note)}` : ""),
      found?.label === ad.label ? h("p", { class: "why" }, found.explanation) : null, // a code, or rules, may have decided otherwise
      h("fieldset", { class: "correction" }, h("legend", {}, t("yourLabel")),
        LABELS.map((label) => h("button", { class: `keybutton ${ad.corrected_label === label ? "chosen" : ""}`, id: `right-${label}`, "aria-pressed": String(ad.corrected_label === label),
          onclick: () => correct(ad, ad.corrected_label === label ? null : label) }, labelled(label)))),
      h("p", { class: "quiet" }, t("yourLabelNote")),
      h("div", { class: "adtext" }, read(ad.text, "text", tinted)), found ? key() : null,
      h("details", {}, h("summary", {}, t("everyCell")), h("dl", { class: "cells" }, Object.entries(ad.cells).map(([name, cell]) => h("div", {}, h("dt", {}, name), h("dd", {}, cell))))));
  }

  window_.append(body);
  return { element: window_, open };
}

/** The rows of a job. `link` gets the view whenever it changes, so that the address can hold it. */
export function results(job, wanted, link) {
  let view = { ...EMPTY, ...wanted }, asking = 0, gone = false;
  const area = h("div", { class: "results" });
  const facetBox = h("div", { class: "facets" }), count = h("p", { class: "count", id: "found", "aria-live": "polite" });
  const actions = h("div", { class: "actions" }), trouble = h("div");
  const address = (what, more = "") => `v1/files/${job.id}/${what}?view=${encodeURIComponent(JSON.stringify(view))}${more}`;
  const rowsAt = async (offset, limit) => (await get(address("rows", `&offset=${offset}&limit=${limit}`))).rows;
  const ad = adWindow(job, (place, row) => { table.changed(place, row); facets(); });
  const table = rowTable(columnsOf(job), { rowsAt, open: (place) => ad.open(place, table.seen()[2], table.row).catch(failed), sortBy });
  const search = h("input", { id: "q", type: "search", maxlength: "200", "aria-label": t("searchAds"), placeholder: t("searchAds"), value: view.q });

  function failed(error) {
    area.removeAttribute("aria-busy");
    put(trouble, h("p", { class: "error", role: "alert" }, error.status ? error.message : t("down")));
  }

  function sortBy(column) {
    if (view.sort !== column) change({ sort: column, descending: column === "row" });
    else change(view.descending ? { sort: null, descending: false } : { descending: true });
  }

  function change(parts) {
    view = { ...view, ...parts };
    refresh().catch(failed);
  }

  function choose(name, value, on) {
    const values = (view.where[name] ?? []).filter((one) => one !== value);
    const { [name]: _, ...others } = view.where;
    if (on) values.push(value);
    change({ where: values.length ? { ...others, [name]: values } : others });
  }

  function facet({ name, values, n_values: n }) {
    const chosen = view.where[name] ?? [];
    const every = [...values, ...chosen.filter((value) => !values.some((one) => one.value === value)).map((value) => ({ value, n: 0 }))];
    const item = ({ value, n: rows }, i) => {
      const id = `f-${name.replace(/\W/g, "")}-${i}`;
      return h("li", {}, h("label", { for: id }, h("input", { type: "checkbox", id, "data-facet": name, "data-value": value, checked: chosen.includes(value), onchange: (event) => choose(name, value, event.target.checked) }),
        name === "collar" || name === "corrected_label" ? badge(value) : null, h("span", { class: "word" }, valued(name, value)), h("span", { class: "n" }, t.number(rows))));
    };
    const open = facetBox.querySelector(`details[data-more="${CSS.escape(name)}"]`)?.open || every.slice(FEW).some(({ value }) => chosen.includes(value));
    return h("fieldset", {}, h("legend", {}, named(name)), h("ul", {}, every.slice(0, FEW).map(item)),
      every.length > FEW ? h("details", { "data-more": name, open }, h("summary", {}, t("moreValues", t.number(n - FEW))), h("ul", {}, every.slice(FEW).map((one, i) => item(one, i + FEW)))) : null);
  }

  async function facets() {
    const mine = asking;
    const found = await get(address("facets"));
    if (gone || mine !== asking) return;
    const focused = document.activeElement?.id;
    put(facetBox, found.facets.map(facet));
    if (focused?.startsWith("f-")) document.getElementById(focused)?.focus();
  }

  async function refresh() {
    const mine = ++asking;
    area.setAttribute("aria-busy", "true");
    trouble.replaceChildren();
    const [rows] = await Promise.all([get(address("rows", `&limit=${PAGE}`)), facets()]);
    if (gone || mine !== asking) return; // another view was chosen meanwhile
    area.removeAttribute("aria-busy");
    table.show(rows.total, view.sort, view.descending, rows.rows);
    count.textContent = rows.total === job.rows ? t("rowsDone", t.number(rows.total)) : t("rowsOf", t.number(rows.total), t.number(job.rows));
    const narrowed = rows.total !== job.rows;
    put(actions,
      h("a", { class: "button", id: "downloadPart", href: address("rows.csv"), download: "" }, narrowed ? t("downloadPart") : t("downloadAll")),
      h("button", { class: "plain", id: "copyView", onclick: (event) => copy(link(view), event.target, t("copied")) }, t("copyView")),
      narrowed || view.sort ? h("button", { class: "plain", id: "everything", onclick: () => { search.value = ""; change(EMPTY); search.focus(); } }, t("everything")) : null);
    link(view);
  }

  let pause = 0;
  search.addEventListener("input", () => { clearTimeout(pause); pause = setTimeout(() => change({ q: search.value }), 300); });
  put(area, h("h2", { id: "rowsHead" }, t("rowsHead")),
    h("div", { class: "searchline" }, search, count), trouble,
    h("div", { class: "workbench" }, h("details", { class: "facetpanel", open: matchMedia("(min-width: 60rem)").matches }, h("summary", {}, t("filters")), facetBox),
      h("div", { class: "tablepanel" }, table.element, actions)), ad.element);
  refresh().catch(failed);
  return { element: area, close: () => { gone = true; clearTimeout(pause); table.close(); } };
}
