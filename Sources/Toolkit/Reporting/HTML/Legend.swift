/// What colours mean.
enum Legend {
    private static let outcomes: [(look: String, words: String)] = [
        ("ok", "answered"), ("refused", "refused"), ("failed", "failed for certain"),
        ("ambiguous", "ambiguous"),
    ]
    private static let roles: [(look: String, words: String)] = [
        ("primary", "primary"), ("backup", "backup"), ("uncertain", "uncertain or recovering"),
        ("down", "no answer"), ("faulted", "faulted"),
    ]

    static func writeTimeline(hasRoles: Bool, to html: inout HTMLText) {
        let held = [(look: "held", words: "held, by the acknowledgements")]
        let fault = [(look: "fault", words: "fault")]
        write(outcomes + held + fault + (hasRoles ? roles : []), to: &html)
    }

    static func writeRoles(to html: inout HTMLText) { write(roles, to: &html) }

    private static func write(
        _ entries: [(look: String, words: String)], to html: inout HTMLText
    ) {
        html.element("div", ["class": "key"]) { html in
            for (look, words) in entries {
                html.element("span") { html in
                    html.element("span", ["class": "mark \(look)"], "")
                    html.write(words)
                }
            }
        }
    }
}
