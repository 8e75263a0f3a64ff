import CommandDescriptions

/// Strict reading: what is not understood is an error at its place, with the nearest word that
/// would have been understood.
extension YAMLNode {
    /// The values of a mapping by their keys, all of which must be `known`. `owner` names it.
    public func fields(
        _ known: [String], of owner: String
    ) throws(YAMLError) -> [String: YAMLNode] {
        guard case .mapping(let entries) = content else {
            throw YAMLError(
                place: place,
                problem:
                    "\(owner) is a mapping with keys of \(known.joined(separator: ", ")), not \(kind)"
            )
        }
        var fields: [String: YAMLNode] = [:]
        for entry in entries {
            guard known.contains(entry.key) else {
                throw YAMLError(
                    place: entry.place,
                    problem: "unknown key `\(entry.key)`" + Self.hint(entry.key, known))
            }
            fields[entry.key] = entry.value
        }
        return fields
    }

    public func elements() throws(YAMLError) -> [YAMLNode] {
        guard case .sequence(let values) = content else {
            throw YAMLError(
                place: place, problem: "a list is needed here, not \(kind)")
        }
        return values
    }

    public func text() throws(YAMLError) -> String {
        guard case .scalar(let text, _) = content else {
            throw YAMLError(
                place: place, problem: "a text is needed here, not \(kind)")
        }
        return text
    }

    /// One of the `known` words; `name` says what they name.
    public func word(
        _ known: [String], called name: String
    ) throws(YAMLError) -> String {
        let word = try text()
        guard known.contains(word) else {
            throw YAMLError(
                place: place, problem: "unknown \(name) `\(word)`" + Self.hint(word, known))
        }
        return word
    }

    /// A whole number in decimal digits; `unit` says of what.
    public func number(
        _ range: ClosedRange<UInt64>, of unit: String
    ) throws(YAMLError) -> UInt64 {
        let text = try text()
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = UInt64(text), range.contains(number)
        else {
            throw YAMLError(
                place: place,
                problem: "`\(text)` is not a whole number (\(unit)) from \(range.lowerBound) to "
                    + "\(range.upperBound)")
        }
        return number
    }

    private static func hint(_ word: String, _ known: [String]) -> String {
        if let near = Suggestions.nearest(to: word, among: known) {
            return "; did you mean `\(near)`?"
        }
        return "; known are " + known.joined(separator: ", ")
    }
}
