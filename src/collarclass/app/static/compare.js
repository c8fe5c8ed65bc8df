// Two things beside each other, ads or occupations, and the ads looked at before: kept in the tab, so a reload loses neither.

import { h, put, short } from "./dom.js";
import { badge } from "./plane.js";
import { t } from "./words.js";

const MOST_SEEN = 12;

export const tab = {
  get(name, otherwise) { try { return JSON.parse(sessionStorage.getItem(name)) ?? otherwise; } catch { return otherwise; } },
  set(name, value) { try { sessionStorage.setItem(name, JSON.stringify(value)); } catch { /* full, or a private window */ } },
};

/** What of an ad's result is compared. */
export const ofAd = ({ title, text }, result) => ({
  name: title.trim() || short(text.trim().split("\n")[0], 80), title, text, label: result.label, confidence: result.confidence,
  academic: result.academic_score, handsOn: result.hands_on_score,
  asks: result.requirements.filter((one) => one.status !== "not_needed").map((one) => (one.level ? t(one.level) : one.text.replace(/\s+/g, " "))),
});

/** What of an occupation is compared: its ratings, 0 to 4, as scores. */
export const ofOccupation = (row) => ({ name: t.title(row), code: row.onet_code, label: row.label, confidence: null, academic: row.academic_rating / 4, handsOn: row.hands_on_rating / 4, asks: [] });

const address = (one) => (one.code ? `#/occupations?code=${one.code}` : null);

/** A tray with at most two things; `take` gets an ad that is chosen from it. */
export function tray(take) {
  const box = h("div", { class: "tray", hidden: true });

  function draw() {
    const held = tab.get("compared", []);
    box.hidden = !held.length;
    const row = (name, cell) => h("tr", {}, h("th", { scope: "row" }, name), held.map((one) => h("td", {}, cell(one))));
    put(box, h("div", { class: "trayhead" }, h("h2", {}, t("compareHead")), h("button", { class: "plain", id: "emptyTray", onclick: () => { tab.set("compared", []); draw(); } }, t("emptyTray"))),
      held.length === 1 ? h("p", { class: "quiet" }, t("oneMore")) : null,
      h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("compareHead") }, h("table", { class: "compared" },
        h("thead", {}, h("tr", {}, h("td", {}), held.map((one) => h("th", { scope: "col" }, address(one) ? h("a", { href: address(one) }, one.name) : h("button", { class: "plain", onclick: () => take(one) }, one.name))))),
        h("tbody", {}, row(t("label"), (one) => [badge(one.label), t(one.label)]), row(t("facet_confidence"), (one) => (one.confidence === null ? "–" : t.percent(one.confidence))),
          row(t("academicScore"), (one) => one.academic.toFixed(2)), row(t("handsOnScore"), (one) => one.handsOn.toFixed(2)), row(t("asks"), (one) => one.asks.join(t("comma")) || "–")))));
  }

  draw();
  return { element: box, add(one) { tab.set("compared", [...tab.get("compared", []).filter((other) => other.name !== one.name), one].slice(-2)); draw(); } };
}

/** The ads looked at before, the last one first. */
export function seen(take) {
  const list = h("ul"), box = h("details", { class: "seen" }, h("summary", {}, t("seenHead")), list);
  const every = () => tab.get("seen", []);

  function draw() {
    box.hidden = !every().length;
    put(list, every().map((one) => h("li", {}, h("button", { class: "plain", onclick: () => take(one) }, badge(one.label), one.name))));
  }

  draw();
  return { element: box, add(one) {
    const same = (other) => other.title === one.title && (other.text.startsWith(one.text) || one.text.startsWith(other.text)); // still being typed
    tab.set("seen", [one, ...every().filter((other) => !same(other))].slice(0, MOST_SEEN));
    draw();
  } };
}
