// Adds a box that filters the rows of a long list. Without scripts there is no box, and the whole list.
for (const area of document.querySelectorAll("[data-filter]")) {
  const rows = [...area.querySelectorAll("tbody tr, li")].map((row) => [row, row.textContent.toLowerCase()]);
  if (rows.length < 2) continue;
  const label = document.createElement("label");
  const box = document.createElement("input");
  const told = document.createElement("small");
  label.className = "find";
  label.append(`${area.dataset.filter} `, box);
  box.type = "search";
  told.setAttribute("role", "status");
  area.before(label, told);
  box.addEventListener("input", () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const [row, text] of rows) {
      row.hidden = !words.every((word) => text.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    told.textContent = words.length ? ` ${shown} of ${rows.length}` : "";
  });
}
