/// A block of lines that is drawn again in place. Returns the bytes to write; writes nothing.
public struct UpdatingBlock: Sendable {
    private var drawnLines = 0

    public init() {}

    /// The text that replaces the block drawn before with these lines. Lines longer than `width`
    /// are cut, because a line that wraps could not be taken back; control sequences in a line
    /// count as nothing.
    public mutating func draw(_ lines: [String], width: Int) -> String {
        var text = drawnLines > 0 ? "\u{1B}[\(drawnLines)A\r" : ""
        for line in lines { text += cut(line, to: width) + "\u{1B}[K\n" }
        // What is left of a taller block drawn before.
        if lines.count < drawnLines { text += "\u{1B}[J" }
        drawnLines = lines.count
        return text
    }

    /// The text that takes the block away, leaving the cursor where it began.
    public mutating func clear() -> String {
        guard drawnLines > 0 else { return "" }
        defer { drawnLines = 0 }
        return "\u{1B}[\(drawnLines)A\r\u{1B}[J"
    }

    /// Leaves the block as it stands; the next one is drawn below it.
    public mutating func finish() {
        drawnLines = 0
    }

    private func cut(_ line: String, to width: Int) -> String {
        var visible = 0
        var result = ""
        var insideSequence = false
        for character in line {
            if insideSequence {
                insideSequence = !character.isLetter
            } else if character == "\u{1B}" {
                insideSequence = true
            } else {
                visible += 1
                if visible > width { continue }
            }
            result.append(character)
        }
        return result
    }
}
