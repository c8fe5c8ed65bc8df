// The table of occupations, searched as one types, beside the plane.

import { get } from "./api.js";
import { ofOccupation, tab, tray } from "./compare.js";
import { h, put } from "./dom.js";
import { badge, plane } from "./plane.js";
import { t } from "./words.js";

const STEP = 60;
const state = { wanted: "", label: "" };

const folded = (row) => [row.title, row.titles_en, row.titles_zh, row.onet_code, row.isco08, row.csco22].join(" ").toLowerCase();

function matches(occupations, texts) {
  const words = state.wanted.toLowerCase().split(/\s+/).filter(Boolean);
  const found = occupations.filter((row, i) =>
    (!state.label || row.label === state.label) && words.every((word) => texts[i].includes(word)));
  if (!words.length) return found;
  const begins = (row) => [row.title, ...row.titles_en.split("; "), ...row.titles_zh.split("; "), row.onet_code]
    .some((name) => name.toLowerCase().startsWith(words[0]));
  return [...found.filter(begins), ...found.filter((row) => !begins(row))];
}

function card(row, compare) {
  const pair = (name, value) => (value ? h("div", {}, h("dt", {}, name), h("dd", {}, value)) : null);
  return h("dl", { class: "card" },
    pair(t("reason"), row.why), pair(t("titlesEn"), row.titles_en.replaceAll("; ", ", ")), pair(t("titlesZh"), row.titles_zh.replaceAll("; ", "、")),
    pair(t("code"), row.onet_code), pair(t("isco"), row.isco08.replaceAll("; ", t("comma"))), pair(t("csco"), row.csco22.replaceAll("; ", t("comma"))),
    h("div", {}, h("dt", {}), h("dd", {}, h("button", { class: "plain", onclick: () => compare(row) }, t("compare")))));
}

export function view(main, known, query) {
  const { occupations } = known;
  const texts = occupations.map(folded);
  const drawing = plane(known, { onPick: (row) => pick(row.onet_code, true) });
  const search = h("input", { type: "search", id: "search", class: "title", placeholder: t("searchHint"), "aria-label": t("search"), autocomplete: "off" });
  search.value = state.wanted;
  const count = h("p", { class: "quiet", role: "status", id: "count" });
  const list = h("ul", { class: "occlist", id: "occlist" });
  const more = h("button", { class: "plain", id: "more" });
  const labels = h("div", { class: "filters", role: "group", "aria-label": t("label") });
  const compared = tray((ad) => { tab.set("ad", ad); location.hash = "#/ad?again"; });
  let shown = STEP, found = [];

  function item(row) {
    const summary = h("summary", { class: "name" }, badge(row.label), h("span", {}, t.title(row)),
      h("small", {}, `${t(row.label)} · ${row.academic_rating} / ${row.hands_on_rating}`));
    const details = h("details", { id: `o${row.onet_code}` }, summary);
    details.addEventListener("toggle", () => {
      if (details.open && details.children.length === 1) details.append(card(row, (one) => compared.add(ofOccupation(one))));
      drawing.ring(details.open ? row.onet_code : null);
    });
    summary.addEventListener("pointerenter", () => drawing.show(row.onet_code));
    summary.addEventListener("pointerleave", () => drawing.show(null));
    summary.addEventListener("focus", () => drawing.show(row.onet_code));
    return h("li", {}, details);
  }

  function draw() {
    found = matches(occupations, texts);
    put(count, t("found", found.length, occupations.length));
    put(list, found.slice(0, shown).map(item));
    if (!found.length) {
      put(list, h("li", { class: "quiet" }, t("none")));
      suggest(state.wanted);
    }
    more.hidden = found.length <= shown;
    more.textContent = t("more", Math.min(STEP, found.length - shown));
    drawing.keep(found.length === occupations.length ? null : new Set(found.map((row) => row.onet_code)));
    put(labels, ["", "white", "blue", "gray"].map((label) => h("button", {
      class: "chip", "aria-pressed": String(state.label === label), onclick: () => { state.label = label; shown = STEP; draw(); },
    }, label ? badge(label) : null, label ? t(label) : t("allLabels"))));
  }

  /** What no title contains may still be near to some. */
  async function suggest(wanted) {
    const { occupations: near } = await get(`v1/occupations?q=${encodeURIComponent(wanted.slice(0, 200))}&limit=8`);
    if (wanted !== state.wanted || found.length || !near.length) return;
    put(list, h("li", { class: "quiet" }, t("nearOnes")), near.map(item));
    drawing.keep(new Set(near.map((row) => row.onet_code)));
  }

  function pick(code, clicked = false) {
    const place = found.findIndex((row) => row.onet_code === code);
    if (place < 0) {
      [state.wanted, state.label, search.value] = ["", "", ""];
      draw();
      if (found.some((row) => row.onet_code === code)) pick(code, clicked);
      return;
    }
    if (place >= shown) { shown = Math.ceil((place + 1) / STEP) * STEP; draw(); }
    for (const open of list.querySelectorAll("details[open]")) open.open = false;
    const details = document.getElementById(`o${code}`);
    details.open = true;
    details.scrollIntoView({ block: "center" });
    if (clicked) details.firstChild.focus({ preventScroll: true });
  }

  search.addEventListener("input", () => { state.wanted = search.value; shown = STEP; draw(); });
  more.addEventListener("click", () => { shown += STEP; draw(); });
  main.append(h("div", { class: "desk" },
    h("div", { class: "left" }, h("h1", {}, t("occHead")), h("p", { class: "lead" }, t("occLead", occupations.length)),
      h("div", { class: "sheet single" }, search), labels, compared.element, count, list, more),
    h("div", { class: "right" }, drawing.element)));
  draw();
  if (query.has("code")) pick(query.get("code"));
  return () => drawing.close();
}
