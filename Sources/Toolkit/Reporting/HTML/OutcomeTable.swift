import History

/// What was asked and how it ended, by kind of operation, with the latencies of the answers.
struct OutcomeTable {
    let slices: TimeSlices

    func write(to html: inout HTMLText) {
        html.element("div", ["class": "scroll"]) { html in
            html.element("table", ["id": "outcomes"]) { html in
                html.element(
                    "caption",
                    "Attempts by operation and outcome; latencies of those that were answered "
                        + "(ok or refused)")
                html.element("thead") { html in
                    html.element("tr") { html in
                        html.element("th", ["scope": "col"], "Operation")
                        for name in ["Attempts", "Ok", "Refused", "Failed", "Ambiguous"] {
                            html.element("th", ["scope": "col", "class": "number"], name)
                        }
                        for name in ["Half within", "95 of 100", "99 of 100", "Longest"] {
                            html.element("th", ["scope": "col", "class": "number"], name)
                        }
                    }
                }
                html.element("tbody") { html in
                    for kind in slices.kinds.indices {
                        write(slices.groups[slices.group(of: kind)], to: &html)
                    }
                    if slices.kinds.count > 1 { write(slices.groups[0], to: &html) }
                }
            }
        }
    }

    private func write(_ group: TimeSlices.Group, to html: inout HTMLText) {
        let counts = group.counts.map { $0.reduce(0, +) }
        let latencies = group.latencies.flatMap { $0 }.sorted()
        html.element("tr") { html in
            html.element("th", ["scope": "row"], group.name)
            for count in [counts.reduce(0, +)] + counts {
                html.element("td", ["class": "number"], count == 0 ? "–" : PageWords.count(count))
            }
            for percent in [50, 95, 99, 100] {
                html.element(
                    "td", ["class": "number"],
                    PageWords.latency(TimeSlices.quantile(latencies, percent: percent)))
            }
        }
    }
}
