// The frame of the page: language, theme, and which view is shown.

import { view as ad } from "./ad.js";
import { basics } from "./api.js";
import { h, put } from "./dom.js";
import { view as file } from "./file.js";
import { view as occupations } from "./occupations.js";
import { view as review } from "./review.js";
import { WORDS, speak, t } from "./words.js";

const VIEWS = { ad, file, review, occupations };
const THEMES = ["auto", "light", "dark"];
const root = document.documentElement;
const main = document.getElementById("main");
let leave = null;

const kept = {
  get(name) { try { return localStorage.getItem(name); } catch { return null; } },
  set(name, value) { try { localStorage.setItem(name, value); } catch { /* a private window keeps nothing */ } },
};

function firstLanguage() {
  const asked = new URLSearchParams(location.search).get("lang") ?? kept.get("lang");
  if (asked in WORDS) return asked;
  return (navigator.languages ?? [navigator.language]).map((tag) => tag.slice(0, 2)).find((tag) => tag in WORDS) ?? "en";
}

function setTheme(theme) {
  if (theme === "auto") delete root.dataset.theme;
  else root.dataset.theme = theme;
}

const currentTheme = () => root.dataset.theme ?? "auto";
const where = () => {
  const [name, query] = location.hash.replace(/^#\/?/, "").split("?");
  return { name: name in VIEWS ? name : "ad", query: new URLSearchParams(query ?? "") };
};

function frame() {
  const { name } = where();
  document.getElementById("skip").textContent = t("skip");
  document.getElementById("nav").setAttribute("aria-label", t("pages"));
  put(document.getElementById("nav"), Object.keys(VIEWS).map((view) =>
    h("a", { href: `#/${view}`, "aria-current": view === name ? "page" : null }, t(`nav_${view}`))));
  const other = t.language() === "en" ? "zh" : "en";
  const theme = currentTheme();
  put(document.getElementById("switches"),
    h("button", { class: "switch", lang: other === "zh" ? "zh-CN" : "en", id: "language", onclick: () => choose(other) }, WORDS[other].language),
    h("button", { class: `switch theme ${theme}`, id: "theme", "aria-label": t(`theme_${theme}`), title: t(`theme_${theme}`), onclick: nextTheme },
      h("span", { class: "moon", "aria-hidden": "true" })));
  basics().then(({ model }) => put(document.getElementById("foot"), h("p", {},
    t("privacy"), " ", h("span", { class: "identity" }, t("by", model.model, model.version)), " ", h("a", { href: "openapi.json" }, t("api"))))).catch(() => {});
  document.title = `${t(`nav_${name}`)} · collarclass`;
}

function choose(lang) {
  speak(lang);
  kept.set("lang", lang);
  show();
  document.getElementById("language").focus();
}

function nextTheme() {
  const theme = THEMES[(THEMES.indexOf(currentTheme()) + 1) % THEMES.length];
  setTheme(theme);
  kept.set("theme", theme);
  frame();
  document.getElementById("theme").focus();
}

async function show() {
  const { name, query } = where();
  leave?.();
  leave = null;
  frame();
  main.className = `view ${name}`;
  const ours = {};
  show.last = ours;
  try {
    const known = await basics();
    if (show.last !== ours) return; // another view was chosen meanwhile
    main.replaceChildren();
    leave = VIEWS[name](main, known, query) ?? null;
    root.dataset.ready = name;
  } catch (error) {
    put(main, h("p", { class: "error", role: "alert" }, error.status ? error.message : t("down")));
  }
}

setTheme(THEMES.includes(kept.get("theme")) ? kept.get("theme") : "auto");
speak(firstLanguage());
addEventListener("hashchange", () => { show(); scrollTo(0, 0); });
show();
