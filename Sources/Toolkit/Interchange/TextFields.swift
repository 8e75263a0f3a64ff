import History

/// A line of text version 1 as a map and back: its tokens, as they stand, and beside them what
/// Jepsen calls them. Nothing tells when it was asked, so there are completions only.
struct TextFields {
    private var writer = TextHistoryWriter()

    init() { _ = writer.take() }

    static let header = Field.object([
        "type": .word("header"), "format": .word("text_version_1"),
    ])

    static func isHeader(_ field: Field) -> Bool {
        field["type"]?.string == "header" && field["format"]?.string == "text_version_1"
    }

    mutating func map(_ event: TextEvent) -> Field {
        writer.write(event)
        let line = writer.take().dropLast()
        let tokens = line.split(separator: 0x20).map { token in
            let cut = token.firstIndex(of: UInt8(ascii: "=")) ?? token.endIndex
            return Field.Member(
                String(decoding: token[..<cut], as: UTF8.self),
                .text(String(decoding: token[cut...].dropFirst(), as: UTF8.self)))
        }
        let type =
            switch event.outcome {
            case .committedWrite, .readOK: "ok"
            case .definiteFailure: "fail"
            case .ambiguous: "info"
            }
        return .object([
            "type": .word(type), "f": .word(event.operation.kind.rawValue),
            "value": .map(tokens), "process": .text(event.process),
            "time": .number(event.timeMillis &* 1_000_000),
            "index": .number(event.sequence &- 1),
        ])
    }

    /// The line, without its end.
    static func line(_ field: Field) throws(FieldReader.Problem) -> [UInt8] {
        guard case .map(let tokens) = try FieldReader(field).required("value").field else {
            throw .init(words: "`value` is no map")
        }
        var line: [UInt8] = []
        for token in tokens {
            guard let value = token.value.string,
                !(token.name + value).unicodeScalars.contains(where: \.properties.isWhitespace)
            else { throw .init(words: "`\(token.name)` is no token of text version 1") }
            if !line.isEmpty { line.append(0x20) }
            line += Array("\(token.name)=\(value)".utf8)
        }
        return line
    }
}
