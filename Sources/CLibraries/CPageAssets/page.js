/* Draws the charts of a report from the data that lies in the page. Everything that decides
   something is in the page's text already; without this script only the charts are missing. */
(() => {
    "use strict";

    const began = performance.now();
    const root = document.documentElement;
    const data = JSON.parse(document.getElementById("report-data").textContent);
    const outcomes = ["ok", "refused", "failed", "ambiguous"];
    const quantiles = [["q50", "half"], ["q95", "95 of 100"], ["q99", "99 of 100"]];
    const roles = ["primary", "backup", "uncertain", "down", "faulted"];
    const shown = new Set(outcomes);
    const charts = [];
    let group = 0;
    let split = "outcome";

    const colour = (name) => getComputedStyle(root).getPropertyValue("--" + name).trim();
    const seconds = (micros) => micros / 1e6;
    const element = (id) => document.getElementById(id);

    /* Numbers for people */

    const latencyText = (micros) => {
        if (micros == null) return "–";
        if (micros < 1000) return micros + " µs";
        const millis = micros / 1000;
        return millis < 1000 ? +millis.toPrecision(3) + " ms" : +(millis / 1000).toPrecision(3) + " s";
    };
    /* With as many digits as the step from one label to the next needs. */
    const timeText = (time, step) => {
        let digits = 0;
        for (let part = step || 1; digits < 6 && Math.abs(part - Math.round(part)) > 1e-6 * part; part *= 10)
            digits++;
        return time.toFixed(digits) + " s";
    };
    /* A power of ten about a hundredth of a length of time. */
    const fine = (length) => 10 ** Math.floor(Math.log10(length / 100));
    const rateText = (count) => +(count / seconds(data.slice)).toPrecision(3) + "/s";

    /* Time, which all charts share */

    const whole = [0, Math.max(seconds(data.duration), 1e-3)];
    let range = whole.slice();
    let moving = false;

    function show(from, to) {
        const length = Math.min(Math.max(to - from, 1e-4), whole[1] - whole[0]);
        const start = Math.min(Math.max(from, whole[0]), whole[1] - length);
        range = [start, start + length];
        moving = true;
        for (const chart of charts) chart.plot.setScale("x", { min: range[0], max: range[1] });
        moving = false;
        element("range").textContent =
            timeText(range[0], fine(length)) + " to " + timeText(range[1], fine(length));
    }

    function zoom(factor) {
        const middle = (range[0] + range[1]) / 2;
        const half = ((range[1] - range[0]) * factor) / 2;
        show(middle - half, middle + half);
    }

    function pan(part) {
        const step = (range[1] - range[0]) * part;
        show(range[0] + step, range[1] + step);
    }

    const moves = {
        ArrowLeft: () => pan(-0.2), ArrowRight: () => pan(0.2), "+": () => zoom(0.5),
        "=": () => zoom(0.5), "-": () => zoom(2), "0": () => show(...whole), Home: () => show(...whole),
    };

    /* Drawing */

    function inPlot(plot, body) {
        const { left, top, width, height } = plot.bbox;
        const context = plot.ctx;
        context.save();
        context.beginPath();
        context.rect(left, top, width, height);
        context.clip();
        body(context, left, top, width, height);
        context.restore();
    }

    function drawFaults(plot) {
        inPlot(plot, (context, left, top, width, height) => {
            context.fillStyle = colour("fault-band");
            for (const fault of data.faults) {
                const from = plot.valToPos(seconds(fault.from), "x", true);
                const to = plot.valToPos(seconds(fault.to), "x", true);
                if (to < left || from > left + width) continue;
                context.fillRect(from, top, Math.max(to - from, devicePixelRatio), height);
            }
        });
    }

    function nameFaults(plot) {
        inPlot(plot, (context, left, top, width) => {
            const scale = devicePixelRatio;
            context.font = 11 * scale + "px system-ui, sans-serif";
            context.fillStyle = colour("fault");
            context.textAlign = "left";
            context.textBaseline = "top";
            const ends = [-Infinity, -Infinity];
            for (const fault of data.faults) {
                const from = Math.max(left, plot.valToPos(seconds(fault.from), "x", true));
                const to = plot.valToPos(seconds(fault.to), "x", true);
                if (to < left || from > left + width) continue;
                const row = ends.findIndex((end) => end < from);
                if (row < 0) continue;
                context.fillText(fault.name, from + 3 * scale, top + (3 + row * 14) * scale);
                ends[row] = from + context.measureText(fault.name).width + 10 * scale;
            }
        });
    }

    const marks = {
        ok: (context, x, y, size) => context.fillRect(x - size / 2, y - size / 2, size, size),
        refused: (context, x, y, size) => context.strokeRect(x - size / 2, y - size / 2, size, size),
        failed: (context, x, y, size) => {
            context.beginPath();
            context.moveTo(x - size, y - size);
            context.lineTo(x + size, y + size);
            context.moveTo(x + size, y - size);
            context.lineTo(x - size, y + size);
            context.stroke();
        },
        ambiguous: (context, x, y, size) => {
            context.beginPath();
            context.moveTo(x, y - 1.4 * size);
            context.lineTo(x + 1.3 * size, y + size);
            context.lineTo(x - 1.3 * size, y + size);
            context.fill();
        },
    };

    function drawPoints(plot) {
        const kinds = new Set(data.groups[group].kinds);
        const { time, latency, kind, outcome } = data.points;
        const x = (at) => plot.valToPos(seconds(time[at]), "x", true);
        inPlot(plot, (context) => {
            context.lineWidth = devicePixelRatio;
            outcomes.forEach((name, number) => {
                if (!shown.has(name)) return;
                context.fillStyle = context.strokeStyle = colour(name);
                context.globalAlpha = number < 2 ? 0.55 : 0.9;
                const size = (number < 2 ? 2.4 : 3) * devicePixelRatio;
                for (let at = 0; at < time.length; at++) {
                    if (outcome[at] !== number || !kinds.has(kind[at])) continue;
                    const second = seconds(time[at]);
                    if (second < range[0] || second > range[1]) continue;
                    marks[name](context, x(at), plot.valToPos(latency[at], "y", true), size);
                }
            });
        });
    }

    function drawRoles(plot) {
        inPlot(plot, (context, left, top, width) => {
            const scale = devicePixelRatio;
            context.font = 11 * scale + "px system-ui, sans-serif";
            context.textAlign = "left";
            context.textBaseline = "middle";
            data.replicas.forEach((replica, row) => {
                const high = plot.valToPos(row + 0.15, "y", true);
                const low = plot.valToPos(row + 0.85, "y", true);
                for (const [start, end, role, label] of replica.spans) {
                    const from = plot.valToPos(seconds(start), "x", true);
                    const to = plot.valToPos(seconds(end), "x", true);
                    if (to < left || from > left + width) continue;
                    context.fillStyle = colour(roles[role]);
                    context.fillRect(from, low, Math.max(to - from - scale, scale), high - low);
                    const begin = Math.max(from, left) + 4 * scale;
                    if (context.measureText(label).width + begin + 4 * scale > to) continue;
                    context.fillStyle = colour(role % 4 === 0 ? "on-colour" : "ink");
                    context.fillText(label, begin, (high + low) / 2);
                }
            });
        });
    }

    /* The charts */

    function axes(values, rows) {
        const stroke = () => colour("soft");
        const grid = { stroke: () => colour("grid"), width: 1 };
        const ticks = { stroke: () => colour("line"), width: 1, size: 5 };
        const font = "12px system-ui, sans-serif";
        return [
            { stroke, grid, ticks, font, size: 34, space: 70,
              values: (plot, splits, index, space, step) => splits.map((time) => timeText(time, step)) },
            rows
                ? { stroke, font, size: 84, values, splits: () => rows, ticks: { show: false },
                    grid: { show: false } }
                : { stroke, grid, ticks, font, size: 84, values },
        ];
    }

    function make(id, height, options) {
        const place = element(id);
        if (!place) return null;
        const chart = { place, options };
        const width = () => Math.max(280, place.clientWidth);
        chart.plot = new uPlot({
            width: width(), height, ms: 1, padding: [8, 12, 0, 0],
            legend: { show: false },
            scales: { x: { time: false, range: () => range }, y: options.scale },
            axes: axes(options.values, options.rows),
            series: [{}, ...options.series],
            cursor: {
                sync: { key: "time" }, points: options.hasPoints ? {} : { show: false },
                drag: { x: true, y: false },
            },
            hooks: {
                drawClear: [drawFaults], draw: options.draw || [],
                setScale: [(plot, key) => {
                    if (key !== "x" || moving) return;
                    show(plot.scales.x.min, plot.scales.x.max);
                }],
                setCursor: [(plot) => options.say && options.say(plot.cursor)],
                setSelect: [(plot) => {
                    if (plot.select.width < 4) return;
                    show(plot.posToVal(plot.select.left, "x"),
                        plot.posToVal(plot.select.left + plot.select.width, "x"));
                }],
            },
        }, options.data(), place);
        place.addEventListener("dblclick", () => show(...whole));
        place.addEventListener("keydown", (event) => {
            const move = moves[event.key];
            if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
            event.preventDefault();
            move();
        });
        chart.fit = () => chart.plot.setSize({ width: width(), height });
        charts.push(chart);
        return chart;
    }

    const middles = Array.from({ length: data.slices }, (_, slice) =>
        seconds((slice + 0.5) * data.slice));

    const latency = make("latency-chart", 330, {
        scale: { distr: 3, range: () => data.latencyRange },
        values: (plot, splits) => splits.map((micros) => (micros == null ? null : latencyText(micros))),
        series: quantiles.map(([name]) => ({
            stroke: () => colour({ q50: "quantile-middle", q95: "quantile-high", q99: "quantile-top" }[name]),
            width: 2, points: { show: false },
        })),
        hasPoints: true,
        data: () => [middles, ...quantiles.map(([name]) => data.groups[group][name])],
        draw: [drawPoints, nameFaults],
        say: (cursor) => {
            const slice = cursor.idx;
            element("latency-readout").textContent = slice == null || cursor.left < 0 ? ""
                : timeText(middles[slice], seconds(data.slice) / 2) + ": "
                    + quantiles.map(([name, words]) =>
                        words + " within " + latencyText(data.groups[group][name][slice])).join(", ");
        },
    });

    const wheel = ["ok", "quantile-top", "primary", "ambiguous", "failed", "refused",
        "quantile-high", "fault", "uncertain", "soft"];

    function parts() {
        return split === "outcome"
            ? outcomes.map((name, number) => ({
                name, colour: name, counts: data.groups[group].counts[number],
                isShown: shown.has(name),
            }))
            : data.kinds.map((name, kind) => ({
                name, colour: wheel[kind % wheel.length],
                counts: data.groups[data.kindGroups[kind]].counts[0],
                isShown: data.groups[group].kinds.includes(kind),
            }));
    }

    let throughput = null;
    function makeThroughput() {
        const list = parts();
        if (throughput) {
            throughput.plot.destroy();
            charts.splice(charts.indexOf(throughput), 1);
        }
        const rates = list.map((part) => part.counts.map((count) => count / seconds(data.slice)));
        throughput = make("throughput-chart", 210, {
            scale: { range: (plot, low, high) => [0, Math.max(1, high == null ? 1 : high * 1.08)] },
            values: (plot, splits) => splits.map((rate) => rate + "/s"),
            series: list.map((part) => ({
                stroke: () => colour(part.colour), width: 2, points: { show: false },
                show: part.isShown, paths: uPlot.paths.stepped({ align: 0 }),
            })),
            hasPoints: true,
            data: () => [middles, ...rates],
            say: (cursor) => {
                const slice = cursor.idx;
                element("throughput-readout").textContent = slice == null || cursor.left < 0 ? ""
                    : timeText(middles[slice], seconds(data.slice) / 2) + ": "
                        + list.filter((part) => part.isShown)
                            .map((part) => part.name + " " + rateText(part.counts[slice])).join(", ");
            },
        });
        const key = element("throughput-key");
        key.replaceChildren(...list.filter((part) => part.isShown).map((part) => {
            const item = document.createElement("span");
            const line = document.createElement("span");
            line.className = "line";
            line.style.color = "var(--" + part.colour + ")";
            item.append(line, part.name);
            return item;
        }));
    }
    if (element("throughput-chart")) makeThroughput();

    make("roles-chart", 46 + 34 * data.replicas.length, {
        scale: { range: () => [0, data.replicas.length], dir: -1 },
        values: () => data.replicas.map((replica) => replica.name),
        rows: data.replicas.map((_, row) => row + 0.5),
        series: [{ show: false }],
        data: () => [[whole[0], whole[1]], [null, null]],
        draw: [drawRoles],
    });

    function redraw() {
        for (const chart of charts) chart.plot.redraw(false, true);
    }

    /* Controls */

    const select = element("operations");
    if (select) {
        data.groups.forEach((one, number) => select.append(new Option(one.name, number)));
        select.addEventListener("change", () => {
            group = Number(select.value);
            latency.plot.setData(latency.options.data(), false);
            makeThroughput();
            show(...range);
        });
        element("split").addEventListener("change", (event) => {
            split = event.target.value;
            makeThroughput();
            show(...range);
        });
        for (const button of document.querySelectorAll("button[data-outcome]")) {
            button.addEventListener("click", () => {
                const name = button.dataset.outcome;
                if (!shown.delete(name)) shown.add(name);
                button.setAttribute("aria-pressed", String(shown.has(name)));
                makeThroughput();
                show(...range);
            });
        }
        element("zoom-in").addEventListener("click", () => zoom(0.5));
        element("zoom-out").addEventListener("click", () => zoom(2));
        element("zoom-all").addEventListener("click", () => show(...whole));
    }
    for (const button of document.querySelectorAll("button[data-from]")) {
        button.addEventListener("click", () => {
            const from = seconds(Number(button.dataset.from));
            const to = seconds(Number(button.dataset.to));
            const margin = Math.max((to - from) * 0.25, 0.05);
            show(from - margin, to + margin);
            element("time").scrollIntoView();
            element("latency-chart").focus({ preventScroll: true });
        });
    }
    for (const button of document.querySelectorAll("button[data-copy]")) {
        button.addEventListener("click", async () => {
            const text = element(button.dataset.copy).textContent;
            try {
                await navigator.clipboard.writeText(text);
                button.textContent = "Copied";
            } catch {
                getSelection().selectAllChildren(element(button.dataset.copy));
                button.textContent = "Selected";
            }
        });
    }
    /* A link to a finding opens it. */
    function openTarget() {
        const target = location.hash && document.getElementById(location.hash.slice(1));
        if (target instanceof HTMLDetailsElement) target.open = true;
    }
    addEventListener("hashchange", openTarget);
    openTarget();

    let waiting = 0;
    addEventListener("resize", () => {
        clearTimeout(waiting);
        waiting = setTimeout(() => charts.forEach((chart) => chart.fit()), 100);
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    let opened = [];
    addEventListener("beforeprint", () => {
        root.dataset.print = "";
        opened = [...document.querySelectorAll("details.finding:not([open])")];
        for (const finding of opened) finding.open = true;
        redraw();
    });
    addEventListener("afterprint", () => {
        delete root.dataset.print;
        for (const finding of opened) finding.open = false;
        redraw();
    });

    if (charts.length) show(...whole);
    root.classList.add("ready");
    root.dataset.drawnMillis = String(Math.round(performance.now() - began));
})();
