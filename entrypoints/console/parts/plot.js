// One series of bars over time, drawn by uPlot in the colours of the page.
const HEIGHT = 220;                               // pixels
const UTC = seconds => window.uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC");

export class Plot {
  // ``written``: how a value is written; ``stamped``: how a time is, short for the axis.
  constructor(label, written, stamped) {
    Object.assign(this, {label, written, stamped});
    this.sizes = new ResizeObserver(([{contentRect}]) => {
      if (this.drawn && Math.abs(contentRect.width - this.drawn.width) > 1) this.drawn.setSize({width: contentRect.width, height: HEIGHT});
    });
  }

  // ``data``: [seconds since the epoch…], [values…].
  show(host, data) {
    if (host !== this.host || !this.drawn || this.theme !== colour(host, "--ink")) this.begin(host, data);
    else if (data !== this.data) this.drawn.setData(data);
    this.data = data;
  }

  begin(host, data) {
    this.end();
    this.host = host;
    this.theme = colour(host, "--ink");
    const [ink, line, accent] = ["--dim", "--line", "--accent"].map(name => colour(host, name));
    const grid = {stroke: line, width: 1}, font = "12px system-ui, sans-serif";
    const axis = {stroke: ink, grid, ticks: grid, font};
    this.drawn = new window.uPlot({
      width: host.clientWidth,
      height: HEIGHT,
      padding: [12, 28, 0, 0],
      tzDate: UTC,
      cursor: {y: false, drag: {x: false, y: false}},
      legend: {markers: {show: false}},
      scales: {x: {range: whole}, y: {range: (_, low, high) => [Math.min(0, low ?? 0), Math.max(1, high ?? 1) * 1.1]}},
      axes: [
        {...axis, space: 70, values: (_, splits) => splits.map(this.stamped)},
        {...axis, size: 64, values: (_, splits) => splits.map(this.written)},
      ],
      series: [
        {label: "At", value: (_, seconds) => seconds === null ? "" : this.stamped(seconds)},
        {label: this.label, stroke: accent, fill: accent, width: 0, points: {show: false},
          paths: window.uPlot.paths.bars({size: [0.8, 60]}), value: (_, value) => value === null ? "" : this.written(value)},
      ],
    }, data, host);
    this.sizes.observe(host);
  }

  end() {
    this.sizes.disconnect();
    this.drawn?.destroy();
    this.drawn = this.host = null;
  }
}

// The first and the last bar are seen whole.
function whole(plot, first, last) {
  const half = (plot.data[0][1] - plot.data[0][0]) / 2 || 1;
  return [first - half, last + half];
}

// As it is in the present theme.
function colour(host, name) {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  host.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}
