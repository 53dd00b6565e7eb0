import { useEffect, useRef } from 'react';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { formatMillis } from '../format/index.ts';
import type { LatencySeries } from './latency-series.ts';

const HEIGHT = 180;

/** The present value of one of style.css's colours: canvases know nothing of variables or of light and dark. */
function colour(element: HTMLElement, name: string): string {
  element.style.color = `var(${name})`;
  const value = getComputedStyle(element).color;
  element.style.color = '';
  return value;
}

function optionsFor(element: HTMLElement, from: number, to: number): UPlot.Options {
  const line = colour(element, '--c-accent');
  const axis = {
    stroke: colour(element, '--c-muted'),
    grid: { stroke: colour(element, '--c-line'), width: 1 },
    ticks: { show: false },
    font: '12px system-ui, sans-serif',
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: {
      x: { range: [from / 1000, to / 1000] },
      y: { range: (_, __, max) => [0, Math.max(10, (max || 0) * 1.15)] },
    },
    axes: [
      { ...axis, space: 70 },
      { ...axis, size: 56, values: (_, ticks) => ticks.map((tick) => formatMillis(tick)) },
    ],
    series: [{}, { stroke: line, width: 2, points: { show: false }, spanGaps: false }],
  };
}

interface LatencyPlotProps {
  readonly series: LatencySeries;
  readonly from: number;
  readonly to: number;
}

/** Round trip over time, on a canvas. Drawn anew when the width or the colours change. */
export default function LatencyPlot({ series, from, to }: LatencyPlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const readout = useRef<HTMLParagraphElement>(null);

  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    let plot: UPlot | undefined;
    function draw() {
      if (!element) return;
      plot?.destroy();
      const options = optionsFor(element, from, to);
      plot = new UPlot({ ...options, hooks: { setCursor: [showValue] } }, series, element);
    }
    function showValue({ cursor, data }: UPlot) {
      if (!readout.current) return;
      const at = cursor.idx == null ? undefined : data[0][cursor.idx];
      const rtt = cursor.idx == null ? undefined : data[1]?.[cursor.idx];
      readout.current.textContent =
        at === undefined || rtt == null
          ? ''
          : `${formatMillis(rtt)} at ${new Date(at * 1000).toLocaleString()}`;
    }
    const resized = new ResizeObserver(() => plot?.setSize({ width: element.clientWidth, height: HEIGHT }));
    const themed = new MutationObserver(draw);
    const night = matchMedia('(prefers-color-scheme: dark)');
    draw();
    resized.observe(element);
    themed.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    night.addEventListener('change', draw);
    return () => {
      resized.disconnect();
      themed.disconnect();
      night.removeEventListener('change', draw);
      plot?.destroy();
    };
  }, [series, from, to]);

  return (
    <div className="grid h-[204px] content-start">
      <div ref={box} />
      <p ref={readout} aria-hidden className="h-5 text-right text-xs text-muted tabular-nums" />
    </div>
  );
}
