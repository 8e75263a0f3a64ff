import PageAssets

/// HTML that can only be built well-formed as far as injection goes: tag and attribute names are
/// literals of this program, and everything else is escaped on its way in.
struct HTMLText {
    private(set) var text = ""

    typealias Attributes = KeyValuePairs<StaticString, String>

    /// An element around what `body` writes.
    mutating func element(
        _ tag: StaticString, _ attributes: Attributes = [:], _ body: (inout HTMLText) -> Void
    ) {
        open(tag, attributes)
        body(&self)
        text += "</\(tag)>"
    }

    /// An element around a text.
    mutating func element(_ tag: StaticString, _ attributes: Attributes, _ content: String) {
        element(tag, attributes) { $0.write(content) }
    }

    mutating func element(_ tag: StaticString, _ content: String) {
        element(tag, [:], content)
    }

    /// An element that has no end, for example `meta`; or an opening tag.
    mutating func open(_ tag: StaticString, _ attributes: Attributes = [:]) {
        text += "<\(tag)"
        for (name, value) in attributes {
            text += " \(name)=\""
            escape(value)
            text += "\""
        }
        text += ">"
    }

    mutating func write(_ content: String) { escape(content) }

    /// Markup of this program's own.
    mutating func markup(_ markup: StaticString) { text += "\(markup)" }

    /// What another builder made.
    mutating func append(_ other: HTMLText) { text += other.text }

    /// One of the page's own files, which lies in this program.
    mutating func asset(_ asset: PageAsset) { text += asset.text }

    /// Data for the page's script. In a script element nothing is an entity, so what could end
    /// the element, or begin a comment, stands as an escape of JSON.
    mutating func data(_ json: String) {
        for scalar in json.unicodeScalars {
            switch scalar {
            case "<": text += "\\u003c"
            case ">": text += "\\u003e"
            case "&": text += "\\u0026"
            case "\u{2028}": text += "\\u2028"
            case "\u{2029}": text += "\\u2029"
            case _: text.unicodeScalars.append(scalar)
            }
        }
    }

    private mutating func escape(_ content: String) {
        for scalar in content.unicodeScalars {
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "'": text += "&#39;"
            case _ where Self.misleads(scalar): text += "\u{FFFD}"
            case _: text.unicodeScalars.append(scalar)
            }
        }
    }

    /// Controls, which HTML does not allow, and the marks that turn the direction of text around,
    /// with which a log line could pretend to be another one.
    private static func misleads(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A: false
        case 0...0x1F, 0x7F...0x9F, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        case _: false
        }
    }
}
