// The plane of the two scores. Each occupation is a dot; those with the same two ratings stand like the
// seeds of a sunflower around their place, so that all of them can be seen.

import { h, s } from "./dom.js";
import { t } from "./words.js";

const SIZE = 600, LEFT = 40, TOP = 30, SIDE = 536, CELL = SIDE / 9;
const GOLDEN = Math.PI * (3 - Math.sqrt(5));
const PITCH = 3.55;

const x = (academic) => LEFT + CELL / 2 + academic * (SIDE - CELL);
const y = (handsOn) => TOP + SIDE - CELL / 2 - handsOn * (SIDE - CELL);

/** The mark of a label: an open ring is white, a square blue, a diamond gray, a dotted disc unclear. */
export function mark(label, cx, cy, r, attributes = {}) {
  const shape = { class: `dot ${label}`, ...attributes };
  if (label === "gray") {
    const d = r * 1.22;
    return s("path", { ...shape, d: `M${cx} ${cy - d}L${cx + d} ${cy}L${cx} ${cy + d}L${cx - d} ${cy}Z` });
  }
  if (label === "blue") {
    const d = r * 0.92;
    return s("rect", { ...shape, x: cx - d, y: cy - d, width: 2 * d, height: 2 * d });
  }
  return s("circle", { ...shape, cx, cy, r: r * 0.92 });
}

/** A small mark to stand in a line of text. */
export const badge = (label) => s("svg", { class: "badge", viewBox: "0 0 14 14", "aria-hidden": "true" }, mark(label, 7, 7, 4.9));

function places(occupations) {
  const groups = new Map();
  for (const row of occupations) {
    const key = `${row.academic_rating}/${row.hands_on_rating}`;
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(row);
  }
  const found = new Map();
  for (const rows of groups.values()) {
    rows.sort((a, b) => a.label.localeCompare(b.label) || a.onet_code.localeCompare(b.onet_code));
    rows.forEach((row, i) => {
      const r = PITCH * Math.sqrt(i + (rows.length > 1 ? 0.3 : 0));
      const angle = i * GOLDEN;
      found.set(row.onet_code, [
        x(row.academic_rating / 4) + r * Math.cos(angle), y(row.hands_on_rating / 4) + r * Math.sin(angle),
      ]);
    });
  }
  return found;
}

/** The model's own regions as a small picture that is stretched smooth under the dots. */
function ground(model) {
  const n = model.steps;
  const canvas = h("canvas", { class: "ground", "aria-hidden": "true" });
  canvas.width = canvas.height = n;
  const draw = () => {
    const style = getComputedStyle(document.documentElement);
    const rgb = ["white", "blue", "gray"].map((label) =>
      style.getPropertyValue(`--ground-${label}`).trim().split(/[\s,]+/).map(Number));
    const context = canvas.getContext("2d");
    const picture = context.createImageData(n, n);
    model.regions.forEach((p, i) => {
      const at = 4 * ((n - 1 - Math.floor(i / n)) * n + (i % n));
      for (let c = 0; c < 3; c++) picture.data[at + c] = p.reduce((sum, share, k) => sum + share * rgb[k][c], 0);
      picture.data[at + 3] = 255;
    });
    context.putImageData(picture, 0, 0);
  };
  return { canvas, draw };
}

function frame() {
  const middle = [x(0.5), y(0.5)];
  const ticks = [0, 1, 2, 3, 4].flatMap((rating) => [
    s("text", { class: "tick", x: x(rating / 4), y: TOP + SIDE + 15, "text-anchor": "middle" }, rating),
    s("text", { class: "tick", x: LEFT - 7, y: y(rating / 4) + 3.5, "text-anchor": "end" }, rating),
  ]);
  const name = (label, px, py, anchor) => s("text", { class: "region", x: px, y: py, "text-anchor": anchor }, t(label));
  return s("g", { "aria-hidden": "true" },
    s("path", { class: "axis", d: `M${LEFT} ${TOP}V${TOP + SIDE}H${LEFT + SIDE}` }),
    s("path", { class: "cut", d: `M${middle[0]} ${TOP}V${TOP + SIDE}M${LEFT} ${middle[1]}H${LEFT + SIDE}` }),
    ticks,
    s("text", { class: "side", x: LEFT, y: TOP + SIDE + 35, "text-anchor": "start" }, t("axisAcademic")),
    s("text", { class: "side", transform: `translate(13 ${TOP + SIDE}) rotate(-90)`, "text-anchor": "start" }, t("axisHandsOn")),
    name("blueCollar", LEFT, TOP - 10, "start"), name("grayCollar", LEFT + SIDE, TOP - 10, "end"),
    name("whiteCollar", LEFT + SIDE, TOP + SIDE + 35, "end"),
  );
}

/** Draw the plane. `onPick` gets the occupation that is clicked. */
export function plane({ model, occupations }, { onPick } = {}) {
  const at = places(occupations);
  const byCode = new Map(occupations.map((row) => [row.onet_code, row]));
  const dots = new Map();
  for (const row of occupations) dots.set(row.onet_code, mark(row.label, ...at.get(row.onet_code), 2.3, { "data-code": row.onet_code }));
  const over = s("g", { "aria-hidden": "true" }), cloud = s("g", { class: "cloud", "aria-hidden": "true" });
  const point = s("g", { class: "point", "aria-hidden": "true" });
  const svg = s("svg", { viewBox: `0 0 ${SIZE} ${SIZE}`, role: "img", "aria-label": t("planeLabel", occupations.length) },
    frame(), s("g", { class: "dots", "aria-hidden": "true" }, [...dots.values()]), cloud, over, point);
  const tip = h("div", { class: "tip", "aria-hidden": "true", hidden: true });
  const { canvas, draw } = ground(model);
  const element = h("figure", { class: "plane" }, h("div", { class: "stage" }, canvas, svg, tip));
  for (const [side, length] of [["left", LEFT], ["top", TOP], ["width", SIDE], ["height", SIDE]]) canvas.style[side] = `${(100 * length) / SIZE}%`;
  requestAnimationFrame(draw);
  const redraw = new MutationObserver(draw);
  redraw.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);

  function nearest(event) {
    const box = svg.getBoundingClientRect();
    const px = ((event.clientX - box.left) * SIZE) / box.width, py = ((event.clientY - box.top) * SIZE) / box.height;
    let best = null, least = 12 ** 2;
    for (const [code, [cx, cy]] of at) {
      const distance = (cx - px) ** 2 + (cy - py) ** 2;
      if (distance < least && !dots.get(code).classList.contains("dim")) [best, least] = [code, distance];
    }
    return best;
  }

  function show(code) {
    tip.hidden = !code;
    element.classList.toggle("over", Boolean(code));
    if (!code) return;
    const row = byCode.get(code), [cx, cy] = at.get(code);
    tip.replaceChildren(badge(row.label), h("span", {}, t.title(row)));
    tip.style.left = `${(cx / SIZE) * 100}%`;
    tip.style.top = `${(cy / SIZE) * 100}%`;
    tip.classList.toggle("left", cx > SIZE / 2);
  }
  svg.addEventListener("pointermove", (event) => show(nearest(event)));
  svg.addEventListener("pointerleave", () => show(null));
  svg.addEventListener("click", (event) => {
    const code = nearest(event);
    if (code) onPick?.(byCode.get(code));
  });

  return {
    element,
    /** Where an ad stands; null takes it away. */
    place(found) {
      element.classList.toggle("placed", Boolean(found));
      if (!found) return point.replaceChildren();
      const px = x(found.academic_score), py = y(found.hands_on_score);
      if (!point.firstChild) {
        point.append(s("path", { class: "cross" }), s("g", { class: "here" }));
      }
      point.firstChild.setAttribute("d", `M${px} ${TOP + SIDE}V${py + 11}M${LEFT} ${py}H${px - 11}`);
      const here = point.lastChild;
      here.replaceChildren(s("circle", { class: "halo", r: 11 }), mark(found.label, 0, 0, 6.5));
      here.style.transform = `translate(${px}px, ${py}px)`;
      return undefined;
    },
    /** Show ads, as [academic, hands-on, label], in the place of the occupations. */
    scatter(ads) {
      element.classList.toggle("clouded", ads.length > 0);
      cloud.replaceChildren(...ads.map(([academic, handsOn, label]) => mark(label, x(academic), y(handsOn), ads.length < 200 ? 4.2 : 2.6)));
    },
    /** Number some occupations, in the order of a list beside. */
    number(codes) {
      over.replaceChildren(...codes.filter((code) => at.has(code)).map((code, i) => {
        const [cx, cy] = at.get(code);
        return s("g", { class: "numbered" }, s("circle", { cx, cy, r: 8.5 }), s("text", { x: cx, y: cy + 3.8, "text-anchor": "middle" }, i + 1));
      }));
    },
    /** Leave only some occupations bright; null leaves all. */
    keep(codes) {
      element.classList.toggle("filtered", codes !== null);
      for (const [code, dot] of dots) dot.classList.toggle("dim", codes !== null && !codes.has(code));
    },
    /** Ring one occupation. */
    ring(code) {
      over.replaceChildren();
      if (!at.has(code)) return;
      const [cx, cy] = at.get(code);
      over.append(s("circle", { class: "ring", cx, cy, r: 8 }));
    },
    show,
    close: () => redraw.disconnect(),
  };
}
