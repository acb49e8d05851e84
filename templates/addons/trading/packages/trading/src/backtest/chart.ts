const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT] = [860, 320, 80, 30, 16, 12];

/** The equity curve as SVG, with the capital as a dashed line. */
export function equityChart(points: readonly { time: number; value: number }[], capital: number): string {
  const values = [...points.map(({ value }) => value), capital];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = high === low ? Math.max(1, Math.abs(high) * 0.01) : (high - low) * 0.05;
  const [bottom, top] = [low - room, high + room];
  const [first, last] = [points[0]?.time ?? 0, points.at(-1)?.time ?? 1];
  const x = (time: number) => LEFT + ((time - first) / Math.max(1, last - first)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) => TOP + ((top - value) / (top - bottom)) * (HEIGHT - TOP - BOTTOM);
  const line = points.map(({ time, value }) => `${x(time).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
  const levels = Array.from({ length: 5 }, (_, index) => bottom + ((top - bottom) * index) / 4);
  const grid = levels.map(
    (level) =>
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(level).toFixed(1)}" y2="${y(level).toFixed(1)}" class="grid"/>` +
      `<text x="${LEFT - 8}" y="${(y(level) + 4).toFixed(1)}" text-anchor="end">${level.toFixed(2)}</text>`,
  );
  const day = (time: number) => new Date(time).toISOString().slice(0, 16).replace('T', ' ');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="equity curve">`,
    '<style>text{font:11px sans-serif;fill:#666}.grid{stroke:#ddd}.capital{stroke:#999;stroke-dasharray:4 4}.curve{fill:none;stroke:#2563eb;stroke-width:1.5}</style>',
    ...grid,
    `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(capital).toFixed(1)}" y2="${y(capital).toFixed(1)}" class="capital"/>`,
    `<polyline class="curve" points="${line}"/>`,
    ...(points.length === 0
      ? []
      : [
          `<text x="${LEFT}" y="${HEIGHT - 10}">${day(first)}</text>`,
          `<text x="${WIDTH - RIGHT}" y="${HEIGHT - 10}" text-anchor="end">${day(last)}</text>`,
        ]),
    '</svg>',
  ].join('\n');
}
