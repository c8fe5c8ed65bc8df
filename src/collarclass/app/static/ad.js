// One ad or one title: label, reasons, place on the plane.

import { send } from "./api.js";
import { ofAd, seen, tab, tray } from "./compare.js";
import { announce, codePoints, copy, h, put } from "./dom.js";
import { EXAMPLES } from "./examples.js";
import { badge, plane } from "./plane.js";
import { key, read } from "./tint.js";
import { t } from "./words.js";

const PAUSE = 300;
const MOST_SHOWN = 20000;
const state = { title: "", text: "", tinted: true, ...tab.get("ad", {}) };

async function packed(ad) {
  const bytes = new Blob([JSON.stringify(ad)]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const array = new Uint8Array(await new Response(bytes).arrayBuffer());
  let binary = "";
  for (const byte of array) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function unpacked(link) {
  const binary = atob(link.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const ad = JSON.parse(await new Response(stream).text());
  return { title: String(ad.title ?? "").slice(0, 10000), text: String(ad.text ?? "").slice(0, 1000000) };
}

const meter = (name, share, kind) => h("div", { class: `meter ${kind}` },
  h("span", { class: "name" }, name),
  h("span", { class: "line", "aria-hidden": "true" }, sized("span", "amount", share)),
  h("span", { class: "value" }, share.toFixed(2)));

function sized(tag, name, share) {
  const element = h(tag, { class: name });
  element.style.width = `${(100 * share).toFixed(1)}%`;
  return element;
}

function verdict(result) {
  const labels = ["white", "blue", "gray"];
  const head = result.label === "unclear" ? t("unclear") : t(`${result.label}Collar`);
  const parts = [h("h2", { class: "label", id: "label" }, head)];
  if (result.label !== "unclear") {
    parts.push(
      h("p", { class: "confidence" }, t("sure", t.percent(result.confidence)), result.second_label ? ` · ${t("orSecond", t(result.second_label))}` : "", result.basis ? h("span", { class: "basis" }, t(`basis_${result.basis}`)) : null),
      h("div", { class: "chances" },
        h("div", { class: "bar", "aria-hidden": "true" }, labels.map((label) => sized("span", label, result.probabilities[label]))),
        h("dl", {}, labels.map((label) => h("div", {}, h("dt", {}, badge(label), t(label)), h("dd", {}, t.percent(result.probabilities[label])))))),
      h("div", { class: "meters" }, meter(t("academicScore"), result.academic_score, "academic"), meter(t("handsOnScore"), result.hands_on_score, "hands-on")));
  }
  return h("section", { class: `verdict is-${result.label}`, "aria-labelledby": "label" }, parts, h("p", { class: "why" }, result.explanation));
}

/** The words that spoke most for a reading, as "+3.3". */
function because(one) {
  const words = (one.reasons ?? []).filter((reason) => reason.text && reason.weight > 0).slice(0, 2)
    .map((reason) => `“${reason.text.replace(/\s+/g, " ")}” +${reason.weight.toFixed(1)}`);
  return [` · ${t("sure", t.percent(one.confidence))}`, words.length ? ` · ${words.join(t("comma"))}` : ""];
}

function asks(result, numbers) {
  const rows = result.requirements.map((one) => h("li", {},
    h("span", { class: "number" }, numbers.get(one)),
    h("span", {},
      h("strong", {}, one.level ? t(one.level) : one.years ? t("years", one.years) : one.text.replace(/\s+/g, " ")), " ",
      h("span", { class: `status ${one.status}` }, t(one.status)), h("br"),
      h("small", {}, t(one.kind), one.level || one.years ? ` · “${one.text.replace(/\s+/g, " ")}”` : "", because(one)))));
  return h("section", { class: "asks" }, h("h3", {}, t("asks")),
    rows.length ? h("ol", {}, rows) : h("p", { class: "quiet" }, t("asksNothing")));
}

function reading(result, redraw) {
  const numbers = new Map(result.requirements.map((one, i) => [one, i + 1]));
  const options = { tinted: state.tinted, numbers };
  const long = codePoints(state.text).length > MOST_SHOWN;
  const shown = long ? codePoints(state.text).slice(0, MOST_SHOWN).join("") : state.text;
  const tints = h("input", { type: "checkbox", id: "tints" });
  tints.checked = state.tinted;
  tints.addEventListener("change", () => { state.tinted = tints.checked; redraw(); document.getElementById("tints").focus(); });
  return h("div", { class: "reading" },
    h("section", { class: "paper", id: "paper" },
      h("div", { class: "paperhead" }, h("h3", {}, t("theAd")), h("label", { class: "check" }, tints, t("showTints"))),
      state.title ? h("p", { class: "adtitle" }, read(state.title, "title", result, options)) : null,
      h("div", { class: "adtext" }, read(shown, "text", result, options)),
      long ? h("p", { class: "quiet" }, t("tooLong", t.number(MOST_SHOWN))) : null, key()),
    asks(result, numbers));
}

export function view(main, known, query) {
  const drawing = plane(known, { onPick: (row) => { location.hash = `#/occupations?code=${row.onet_code}`; } });
  const title = h("input", { class: "title", id: "title", type: "text", placeholder: t("adTitle"), "aria-label": t("adTitle"), autocomplete: "off", maxlength: "10000" });
  const text = h("textarea", { id: "text", rows: "7", placeholder: t("adText"), "aria-label": t("adTextLabel"), maxlength: "1000000" });
  const out = h("div", { class: "out", id: "out", "aria-live": "off" });
  const below = h("div", { class: "below", id: "below" });
  const buttons = h("div", { class: "actions" });
  const compared = tray((one) => take(one)), before = seen((one) => take(one));
  let timer = 0, asking = null, reply = null;

  function draw() {
    const result = reply?.results[0];
    const empty = !state.title.trim() && !state.text.trim();
    buttons.hidden = empty;
    if (!result || empty) {
      put(out, h("p", { class: "lead waiting" }, t("waiting")));
      below.replaceChildren();
      drawing.place(null);
      drawing.number([]);
      return;
    }
    put(out, verdict(result));
    drawing.place(result.label === "unclear" ? null : result);
    put(below, reading(result, draw), context(result, drawing, known));
    announce(`${result.label === "unclear" ? t("unclear") : t(`${result.label}Collar`)}. ${result.explanation}`);
  }

  async function ask() {
    asking?.abort();
    asking = new AbortController();
    const ad = { text: state.text, title: state.title.trim() ? state.title : null, lang: t.language(), definitions: true, nearest: 5 };
    tab.set("ad", { title: state.title, text: state.text });
    if (!ad.title && !ad.text.trim()) { main.removeAttribute("aria-busy"); reply = null; draw(); return; }
    busy();
    try {
      reply = await send("POST", "v1/classify", ad, asking.signal);
      before.add(ofAd(state, reply.results[0]));
      main.removeAttribute("aria-busy");
      draw();
    } catch (error) {
      if (error.name === "AbortError") return;
      main.removeAttribute("aria-busy");
      reply = null;
      draw();
      put(out, h("p", { class: "error", role: "alert" }, error.status ? error.message : t("down")));
    }
  }

  /** What is shown belongs to what was typed before, until the reply comes. */
  function busy() {
    main.setAttribute("aria-busy", "true");
    if (!out.querySelector(".reading")) out.prepend(h("p", { class: "reading", role: "status" }, t("reading")));
  }

  function changed() {
    busy();
    [state.title, state.text] = [title.value, text.value];
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  }

  function take(ad) {
    [title.value, text.value] = [ad.title, ad.text];
    [state.title, state.text] = [ad.title, ad.text];
    return ask();
  }

  title.addEventListener("input", changed);
  text.addEventListener("input", changed);
  const button = (name, action) => h("button", { class: "plain", id: name, onclick: action }, t(name));
  put(buttons,
    button("copyLink", async (event) => {
      const link = new URL(location.href);
      link.hash = `#/ad?d=${await packed({ title: state.title, text: state.text })}`;
      copy(link.href, event.target, t("copied"));
    }),
    button("copyJson", (event) => copy(JSON.stringify(reply, null, 1), event.target, t("copied"))),
    button("compare", () => reply && compared.add(ofAd(state, reply.results[0]))),
    button("clear", () => { take({ title: "", text: "" }); title.focus(); }));
  buttons.firstChild.title = t("linkNote");
  main.append(
    h("div", { class: "desk" },
      h("div", { class: "left" },
        h("h1", {}, t("adHead")),
        h("div", { class: "sheet" }, title, text),
        h("div", { class: "row" },
          h("div", { class: "examples" }, h("span", { class: "quiet" }, t("examples")),
            EXAMPLES[t.language()].map((ad) => h("button", { class: "chip", onclick: () => take(ad) }, ad.title))),
          buttons),
        before.element, out),
      h("div", { class: "right" }, drawing.element)),
    compared.element, below);
  if (query.has("again")) Object.assign(state, tab.get("ad", {}));
  [title.value, text.value] = [state.title, state.text];
  draw();
  if (query.has("d")) unpacked(query.get("d")).then(take, () => {});
  else ask();
  return () => { clearTimeout(timer); asking?.abort(); drawing.close(); };
}

/** The nearest occupations, and what other definitions would say. */
function context(result, drawing, { model, occupations }) {
  const names = new Map(occupations.map((row) => [row.onet_code, row]));
  const near = result.occupations ?? [];
  drawing.number(near.map((one) => one.onet_code));
  const definitions = model.definitions.filter((one) => one.name in (result.definitions ?? {})).map((one) => ({ ...one, label: result.definitions[one.name] }));
  if (!near.length && !definitions.length) return null;
  return h("div", { class: "context" },
    near.length ? h("section", { class: "near" }, h("h3", {}, t("near")), h("ol", {}, near.map((one, i) => h("li", {},
      h("span", { class: "number" }, i + 1),
      h("span", {}, badge(one.label), h("a", { href: `#/occupations?code=${one.onet_code}` }, t.title(names.get(one.onet_code) ?? one)), h("br"),
        h("small", {}, `${one.onet_code} · ${t("similarity", t.percent(one.similarity))}`)))))) : null,
    definitions.length ? h("section", { class: "definitions" }, h("h3", {}, t("other")), h("dl", {}, definitions.map((one) => h("div", {},
      h("dt", {}, h("strong", {}, t(`def_${one.name}`)), h("br"), h("small", {}, one.name === "article" ? t("articleNote", t.language() === "zh" ? one.summary_zh : one.summary) : t.language() === "zh" ? one.summary_zh : one.summary)),
      h("dd", {}, badge(one.label), t(one.label)))))) : null);
}
