import History

/// What was done to the cluster, and what was planned.
struct FaultsSection {
    let hasRecord: Bool
    let activity: RunActivity
    let schedule: String?

    /// Rows of the table at most; a day of faults has tens of thousands.
    static let mostRows = 500
    /// Characters of the schedule that a page repeats; the whole lies beside it.
    static let mostSchedule = 200_000

    func write(to html: inout HTMLText) {
        html.element("section", ["class": "card", "id": "faults"]) { html in
            html.element("h2", "Faults")
            if activity.faults.isEmpty {
                html.element(
                    "p", ["class": "none"],
                    hasRecord
                        ? "The record holds no fault."
                        : "There is no record that tells what was done to the cluster.")
            } else {
                html.element(
                    "p", ["class": "lead"],
                    "Targets are those that the schedule's symbolic names stood for at injection.")
                writeTable(to: &html)
            }
            writeNotes(to: &html)
            writeSchedule(to: &html)
        }
    }

    private func writeTable(to html: inout HTMLText) {
        html.element("div", ["class": "scroll"]) { html in
            html.element("table", ["id": "faults-table"]) { html in
                html.element("thead") { html in
                    html.element("tr") { html in
                        for name in [
                            "#", "Began", "Over", "Lasted", "Fault", "Targets", "In words",
                        ] {
                            html.element("th", ["scope": "col"], name)
                        }
                    }
                }
                html.element("tbody") { html in
                    for (number, fault) in activity.faults.prefix(Self.mostRows).enumerated() {
                        write(fault, number: number + 1, to: &html)
                    }
                }
            }
        }
        if activity.faults.count > Self.mostRows {
            html.element(
                "p", ["class": "lead"],
                "and \(activity.faults.count - Self.mostRows) more in the record")
        }
    }

    private func write(_ fault: RunActivity.Fault, number: Int, to html: inout HTMLText) {
        html.element("tr") { html in
            html.element("td", "\(number)")
            html.element("td", ["class": "time"], PageWords.time(fault.from))
            html.element(
                "td", ["class": "time"],
                fault.to.map(PageWords.time) ?? "not in the record")
            html.element(
                "td", ["class": "time"],
                fault.to.map {
                    PageWords.duration(nanoseconds: $0.rawValue &- fault.from.rawValue)
                } ?? "–")
            html.element("th", ["scope": "row"], fault.kind)
            html.element("td", fault.targets.map(\.description).joined(separator: ", "))
            html.element("td", fault.detail)
        }
    }

    private func writeNotes(to html: inout HTMLText) {
        guard !activity.notes.isEmpty else { return }
        html.element("h4", "Notes in the record")
        html.element("ul", ["class": "remarks"]) { html in
            for note in activity.notes.prefix(Self.mostRows) {
                html.element("li", "\(PageWords.time(note.time)): \(note.text)")
            }
        }
    }

    private func writeSchedule(to html: inout HTMLText) {
        guard let schedule else { return }
        html.element("details", ["class": "more", "id": "schedule"]) { html in
            html.element("summary", "The schedule that was planned")
            html.element("pre", String(schedule.prefix(Self.mostSchedule)))
        }
    }
}
