import Checking
import History

/// The operations of a finding on a line of time, resource by resource, with everything else that
/// happened to these resources around them, the faults behind and the replicas below.
struct ResourceTimeline {
    let activity: RunActivity
    let replicas: [(replica: ReplicaID, spans: [RoleSpan])]
    let involved: [Int]
    let letters: OperationLetters

    private static let width = 1080.0
    private static let gutter = 104.0
    private static let barHeight = 13.0
    private static let rowHeight = 18.0
    private static let roleHeight = 14.0
    private static let mostLanes = 6

    private let scale: BrokenTimeScale
    private let lanes: [ResourceLane]

    init(
        _ activity: RunActivity, _ replicas: [(replica: ReplicaID, spans: [RoleSpan])],
        _ involved: [Int], _ letters: OperationLetters
    ) {
        self.activity = activity
        self.replicas = replicas
        self.involved = involved
        self.letters = letters
        let intervals = involved.map { index in
            let attempt = activity.attempts[index]
            let from = attempt.sentAt.rawValue
            return from...max(from, (attempt.endedAt ?? attempt.sentAt).rawValue)
        }
        scale = BrokenTimeScale(
            showing: intervals, within: activity.end.rawValue, from: Self.gutter,
            to: Self.width - 8)
        lanes = ResourceLane.lanes(
            of: involved, in: activity, letters: letters, on: scale, most: Self.mostLanes)
    }

    var omitted: Int { lanes.map(\.omitted).reduce(0, +) }

    func write(to html: inout HTMLText) {
        let top = 22.0
        var tops: [Double] = []
        var height = top
        for lane in lanes {
            tops.append(height)
            height += Self.height(of: lane) + 6
        }
        let rolesTop = height
        height += Double(replicas.count) * Self.roleHeight + (replicas.isEmpty ? 0 : 6)
        let bottom = height
        html.element(
            "svg",
            [
                "class": "timeline",
                "viewBox": "0 0 \(Self.number(Self.width)) "
                    + Self.number(bottom + 22),
                "role": "img",
                "aria-label": "Timeline of the operations in the table above, by resource",
            ]
        ) { html in
            writeFaults(to: &html, bottom: bottom)
            writeAxis(to: &html, top: top, bottom: bottom)
            for (lane, top) in zip(lanes, tops) { write(lane, at: top, to: &html) }
            writeRoles(to: &html, top: rolesTop)
        }
    }

    private static func height(of lane: ResourceLane) -> Double {
        Double(lane.rows) * rowHeight + Double(lane.holds.count) * 15 + 8
    }

    // MARK: - Behind

    private func writeFaults(to html: inout HTMLText, bottom: Double) {
        var named = -Double.infinity
        for fault in activity.faults {
            let to = fault.to ?? activity.end
            for piece in scale.pieces(from: fault.from.rawValue, to: to.rawValue) {
                html.element(
                    "rect",
                    Self.box("band", piece.left, 0, max(piece.right - piece.left, 1), bottom)
                ) { html in
                    html.element("title", Self.title(fault))
                }
                guard piece.left > named else { continue }
                named = piece.left + Double(fault.kind.count) * 6.2 + 10
                text(fault.kind, "band-name", piece.left + 3, 12, to: &html)
            }
        }
    }

    static func title(_ fault: RunActivity.Fault) -> String {
        "\(fault.detail.isEmpty ? fault.kind : fault.detail), from \(PageWords.time(fault.from)) "
            + (fault.to.map { "to \(PageWords.time($0))" } ?? "to the end of the record")
    }

    private func writeAxis(to html: inout HTMLText, top: Double, bottom: Double) {
        for (number, segment) in scale.segments.enumerated() {
            let (times, step) = scale.ticks(of: segment)
            for time in times {
                let place = segment.place(time)
                html.element(
                    "line",
                    [
                        "class": "tick", "x1": Self.number(place), "x2": Self.number(place),
                        "y1": Self.number(top), "y2": Self.number(bottom),
                    ], "")
                text(
                    BrokenTimeScale.label(time, step: step), "", place, bottom + 15,
                    anchor: "middle", to: &html)
            }
            guard number + 1 < scale.segments.count else { continue }
            let next = scale.segments[number + 1]
            html.element(
                "rect",
                Self.box("gap", segment.right, 0, next.left - segment.right, bottom + 22), "")
            text(
                "+" + PageWords.duration(nanoseconds: next.from - segment.to), "",
                (segment.right + next.left) / 2, bottom / 2, anchor: "middle", to: &html)
        }
    }

    // MARK: - Lanes

    private func write(_ lane: ResourceLane, at top: Double, to html: inout HTMLText) {
        text(lane.name, "lane-name", 0, top + 14, to: &html)
        html.element(
            "line",
            [
                "class": "lane", "x1": "0", "x2": Self.number(Self.width),
                "y1": Self.number(top - 3), "y2": Self.number(top - 3),
            ], "")
        for bar in lane.bars.sorted(by: { !$0.isInvolved && $1.isInvolved }) {
            let attempt = activity.attempts[bar.attempt]
            let y = top + 3 + Double(bar.row) * Self.rowHeight
            let look = "bar \(attempt.look.name)" + (bar.isInvolved ? " involved" : "")
            html.element("rect", Self.box(look, bar.left, y, bar.right - bar.left, Self.barHeight))
            {
                $0.element("title", title(bar.attempt))
            }
            if let label = bar.label {
                text(label, "bar-name", bar.right + 4, y + 11, to: &html)
            }
        }
        var y = top + Double(lane.rows) * Self.rowHeight + 6
        for hold in lane.holds {
            let to = hold.to ?? activity.end.rawValue
            for (number, piece) in scale.pieces(from: hold.from, to: to).enumerated() {
                html.element(
                    "rect",
                    Self.box(
                        hold.to == nil ? "held open" : "held", piece.left, y + 5,
                        max(piece.right - piece.left, 2), 3), ""
                )
                if number == 0 {
                    let label = hold.label + (hold.to == nil ? ", no end in the record" : "")
                    text(label, "held-name", piece.left, y + 3, to: &html)
                }
            }
            y += 15
        }
    }

    private func title(_ index: Int) -> String {
        let attempt = activity.attempts[index]
        let ended = attempt.endedAt.map { "answered \(PageWords.time($0))" } ?? "never answered"
        return "\(PageWords.process(attempt.process)) to replica \(attempt.invocation.endpoint): "
            + "\(Words.of(attempt.invocation.operation)); sent \(PageWords.time(attempt.sentAt)), "
            + "\(ended): \(PageWords.answer(attempt.outcome))"
    }

    private func writeRoles(to html: inout HTMLText, top: Double) {
        for (row, entry) in replicas.enumerated() {
            let y = top + Double(row) * Self.roleHeight
            text("replica \(entry.replica)", "", 0, y + 10, to: &html)
            for span in entry.spans {
                for piece in scale.pieces(from: span.from.rawValue, to: span.to.rawValue) {
                    html.element(
                        "rect",
                        Self.box(
                            "role \(span.look.name)", piece.left, y,
                            max(piece.right - piece.left, 1), Self.roleHeight - 2)
                    ) { $0.element("title", "replica \(entry.replica): \(span.label)") }
                }
            }
        }
    }

    // MARK: - Shapes

    private func text(
        _ content: String, _ look: String, _ x: Double, _ y: Double, anchor: String = "start",
        to html: inout HTMLText
    ) {
        html.element(
            "text",
            [
                "class": look, "x": Self.number(x), "y": Self.number(y), "text-anchor": anchor,
            ], content)
    }

    private static func box(
        _ look: String, _ x: Double, _ y: Double, _ width: Double, _ height: Double
    ) -> HTMLText.Attributes {
        [
            "class": look, "x": number(x), "y": number(y), "width": number(width),
            "height": number(height),
        ]
    }

    /// One digit after the point is finer than a pixel.
    private static func number(_ value: Double) -> String {
        let tenths = Int64((value * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(Double(tenths) / 10)"
    }
}
