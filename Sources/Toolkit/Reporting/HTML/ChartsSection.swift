import History

/// The places into which the page's script draws, with what the pictures mean in words.
struct ChartsSection {
    let slices: TimeSlices
    let points: LatencyPoints
    let hasReplicas: Bool

    private static let outcomes: [(look: String, words: String)] = [
        ("ok", "■ ok"), ("refused", "□ refused"), ("failed", "× failed"),
        ("ambiguous", "▲ ambiguous"),
    ]

    func write(to html: inout HTMLText) {
        html.element("section", ["class": "card", "id": "time"]) { html in
            html.element("h2", "Over time")
            html.element(
                "p", ["class": "lead"],
                "Seconds since the run began; all charts show the same stretch. Drag to zoom, "
                    + "double-click for all. By keyboard, in a chart: + and − zoom, ← and → move, "
                    + "0 shows all. Red bands are faults.")
            html.element(
                "p", ["class": "script-needed"],
                "The charts are drawn by the script in this page, which has not run.")
            writeControls(to: &html)
            writeLatency(to: &html)
            writeThroughput(to: &html)
            if hasReplicas { writeRoles(to: &html) }
        }
    }

    private func writeControls(to html: inout HTMLText) {
        html.element("div", ["class": "controls"]) { html in
            html.element("label") { html in
                html.write("Operations ")
                html.element("select", ["id": "operations"], "")
            }
            html.element(
                "span", ["class": "group", "role": "group", "aria-label": "Outcomes shown"]
            ) { html in
                for (look, words) in Self.outcomes {
                    html.element(
                        "button",
                        [
                            "type": "button", "data-outcome": look, "aria-pressed": "true",
                            "class": "outcome-\(look)",
                        ], words)
                }
            }
            html.element("span", ["class": "group", "role": "group", "aria-label": "Time shown"]) {
                html in
                for (id, words) in [
                    ("zoom-in", "Zoom in"), ("zoom-out", "Zoom out"), ("zoom-all", "All"),
                ] {
                    html.element("button", ["type": "button", "id": id], words)
                }
            }
            html.element("span", ["id": "range", "class": "none"], "")
        }
    }

    private func writeLatency(to html: inout HTMLText) {
        html.element("h3", "Latency")
        html.element("div", ["class": "key"]) { html in
            for (look, words) in [
                ("q50", "half of the answers came within"), ("q95", "95 of 100"),
                ("q99", "99 of 100"),
            ] {
                html.element("span") { html in
                    html.element("span", ["class": "line \(look)"], "")
                    html.write(words)
                }
            }
        }
        html.element("div", ["class": "readout", "id": "latency-readout"], "")
        chart("latency-chart", "Latency over time, on a logarithmic scale", to: &html)
        html.element(
            "p", ["class": "lead"],
            "A point stands at the moment of sending and the time to the end of the attempt. "
                + "Lines are quantiles of the answered attempts of each "
                + "\(PageWords.duration(nanoseconds: slices.width)). \(points.rule)")
    }

    private func writeThroughput(to html: inout HTMLText) {
        html.element("h3", "Throughput")
        html.element("div", ["class": "controls"]) { html in
            html.element("label") { html in
                html.write("Split by ")
                html.element("select", ["id": "split"]) { html in
                    html.element("option", ["value": "outcome"], "outcome")
                    html.element("option", ["value": "operation"], "operation (ok only)")
                }
            }
            html.element("div", ["class": "key", "id": "throughput-key"], "")
        }
        html.element("div", ["class": "readout", "id": "throughput-readout"], "")
        chart("throughput-chart", "Attempts that ended, per second", to: &html)
    }

    private func writeRoles(to html: inout HTMLText) {
        html.element("h3", "Roles and views of the replicas")
        Legend.writeRoles(to: &html)
        chart("roles-chart", "Roles and views of the replicas over time", to: &html)
        html.element(
            "p", ["class": "lead"],
            "As the replicas answered on their control ports, asked somewhat more often than once a "
                + "second; changes between two answers are not seen.")
    }

    private func chart(_ id: String, _ label: String, to html: inout HTMLText) {
        html.element(
            "div",
            ["class": "chart", "id": id, "tabindex": "0", "role": "group", "aria-label": label], "")
    }
}
