// Elements made by name, with text as text: nothing here can turn a string into markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.setAttribute("class", value);
    else if (name in element && !(element instanceof SVGElement) && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat(2)) {
    if (child === undefined || child === null || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
  return element;
}

/** An HTML element: h("p", {class: "note"}, "text", other). */
export const h = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);

/** An SVG element. */
export const s = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

/** Put children in the place of whatever an element holds. */
export function put(element, ...children) {
  element.replaceChildren();
  return fill(element, {}, children);
}

/** A text cut by code points, as the server counts them; JavaScript's own offsets count UTF-16 units. */
export const codePoints = (text) => Array.from(text);

const segments = new Intl.Segmenter(undefined, { granularity: "word" });

/** A text of at most so many letters, cut between words; Chinese letters count twice. */
export function short(text, most) {
  let out = "", used = 0;
  for (const { segment } of segments.segment(text)) {
    used += Array.from(segment).reduce((n, letter) => n + (letter > "\u2e80" ? 2 : 1), 0);
    if (used > most) return `${out.trimEnd() || Array.from(segment).slice(0, most).join("")}…`;
    out += segment;
  }
  return text;
}

/** Say something to a screen reader. */
export function announce(text) {
  let region = document.getElementById("announcements");
  if (!region) {
    region = h("div", { id: "announcements", class: "unseen", role: "status", "aria-live": "polite" });
    document.body.append(region);
  }
  region.textContent = text;
}

/** Copy a text, and say on the button that it is copied. */
export async function copy(text, button, done) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without a secure context there is no clipboard to write to: the old way still works.
    const field = h("textarea", { class: "unseen", "aria-hidden": "true" });
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  const before = button.textContent;
  button.textContent = done;
  announce(done);
  setTimeout(() => { button.textContent = before; }, 1600);
}
