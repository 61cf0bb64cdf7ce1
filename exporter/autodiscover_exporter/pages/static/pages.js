"use strict";
/* Ages grow while a page is open; without this they are those of the moment it was loaded. */
(function () {
  const units = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  function span(seconds) {
    let left = Math.max(0, Math.floor(seconds));
    const parts = [];
    for (const [size, unit] of units) {
      const count = Math.floor(left / size);
      left -= count * size;
      if (count) { parts.push(count + " " + unit); } else if (parts.length) { break; }
    }
    return parts.slice(0, 2).join(" ") || "0 s";
  }
  const loaded = performance.now();
  const ages = Array.from(document.querySelectorAll("time[data-age]"), (each) => [each, Number(each.dataset.age)]);
  setInterval(function () {
    const passed = (performance.now() - loaded) / 1000;
    for (const [each, age] of ages) { each.textContent = span(age + passed); }
  }, 5000);
}());
