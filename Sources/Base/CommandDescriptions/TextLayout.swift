/// Paragraphs and two-column tables for a terminal of a given width.
public enum TextLayout {
    /// The narrowest text column that is still worth wrapping to.
    public static let minimumWidth = 30

    /// Breaks a paragraph at blanks so that no line is longer than `width` characters, unless a
    /// single word is. Every line starts with `indent`, which counts as part of the width.
    public static func wrap(_ text: String, width: Int, indent: String = "") -> [String] {
        let room = max(minimumWidth, width - indent.count)
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if line.isEmpty {
                line = String(word)
            } else if line.count + 1 + word.count <= room {
                line += " " + word
            } else {
                lines.append(indent + line)
                line = String(word)
            }
        }
        if !line.isEmpty { lines.append(indent + line) }
        return lines
    }

    /// Rows of a name and its explanation; explanations line up and wrap. A name that is too
    /// long for its column has its explanation on the next line.
    public static func table(_ rows: [(name: String, text: String)], width: Int) -> [String] {
        let widest = rows.map(\.name.count).max() ?? 0
        let column = min(widest, 26) + 4
        let indent = String(repeating: " ", count: column)
        return rows.flatMap { row -> [String] in
            var lines = wrap(row.text, width: width, indent: indent)
            let name = "  " + row.name
            if name.count + 2 <= column, let first = lines.first {
                let padding = String(repeating: " ", count: column - name.count)
                lines[0] = name + padding + first.dropFirst(column)
                return lines
            }
            return [name] + lines
        }
    }
}
