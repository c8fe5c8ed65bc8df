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

  addEventListener("beforeprint", () => document.querySelectorAll("details.table").forEach(d => { d.open = true; }));
})();
