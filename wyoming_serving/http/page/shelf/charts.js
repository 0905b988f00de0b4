/** Pictures made of data. Each says in words what it shows. */

import { element, svg } from "./elements.js";
import { number, t } from "./words.js";

const EDGES = [10, 20, 50, 100, 200, 500, 1000, 2000, 5000];
const WIDTH = 360;
const HEIGHT = 120;
const FOOT = 18;

/** How many of some times, in milliseconds, are how long. */
export function histogram(times) {
  const counts = new Array(EDGES.length + 1).fill(0);
  for (const ms of times) counts[EDGES.filter((edge) => ms > edge).length] += 1;
  const step = WIDTH / counts.length;
  const most = Math.max(...counts);
  const bars = counts.map((count, index) => {
    const height = (count / most) * (HEIGHT - FOOT - 14);
    const bar = { x: index * step + 2, y: HEIGHT - FOOT - height, width: step - 4, height };
    return svg("g", {},
      svg("rect", { class: "bar", rx: 2, ...bar }),
      svg("text", { x: bar.x + bar.width / 2, y: bar.y - 3 }, count || ""),
      svg("text", { x: (index + 1) * step, y: HEIGHT - 5, class: "edge" }, EDGES[index] ?? ""));
  });
  const sorted = times.toSorted((one, other) => one - other);
  const said = t("Requests: {0}. Median: {1} ms, slowest: {2} ms",
    times.length, number(sorted[Math.floor((sorted.length - 1) / 2)]), number(sorted.at(-1)));
  return element("figure", {},
    svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": said }, ...bars),
    element("figcaption", {}, said));
}

/** spans: [{ from, to, kind }], marks: [{ at }], in milliseconds. */
export function timeline(said, spans, marks) {
  const end = Math.max(...spans.map((span) => span.to), 1);
  const place = (ms) => (ms / end) * WIDTH;
  return svg("svg", { viewBox: `0 0 ${WIDTH} 34`, preserveAspectRatio: "none", role: "img", "aria-label": said, class: "timeline" },
    ...spans.map(({ from, to, kind }) =>
      svg("rect", { class: kind, x: place(from), y: 8, width: Math.max(place(to - from), 1), height: 18 })),
    ...marks.map(({ at }) => svg("path", { class: "mark", d: `M${place(at)} 3v28` })));
}
