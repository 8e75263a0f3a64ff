/// Reads history text version 1 piece by piece: bytes are fed in any portions, events come out
/// as their lines are complete. Memory does not grow with the history.
///
/// The first error ends the decoding, but the rest is still looked at: text that is not UTF-8
/// anywhere is reported before any other error (validation.md 2.1).
public struct TextHistoryReader {
    private(set) var decoder = TextEventDecoder()
    private var partial: [UInt8] = []
    private var sawVersion = false
    /// The first error so far; `finish` throws it.
    public private(set) var problem: TextHistoryError?
    private var notText = false
    private var hasGivenUp = false

    /// Lines seen so far, blank ones included.
    public private(set) var lineCount = 0

    /// Longest line that is read, in bytes. The reference has none; a bundle of a million members
    /// fits.
    public static let defaultLineLimit = 64 << 20

    private let lineLimit: Int

    public init(lineLimit: Int = Self.defaultLineLimit) {
        self.lineLimit = lineLimit
    }

    /// Reads on with what another part of the same text has taught the decoder. Only a reader of
    /// the begin expects the version.
    init(_ decoder: TextEventDecoder, isBegin: Bool) {
        self.decoder = decoder
        sawVersion = !isBegin
        lineLimit = Self.defaultLineLimit
    }

    /// What a reader of a part found out about it.
    struct Findings: Sendable {
        let lineCount: Int
        let problem: TextHistoryError?
        let notText: Bool
        let hasGivenUp: Bool

        static let none = Findings(
            lineCount: 0, problem: nil, notText: false, hasGivenUp: false)
    }

    var findings: Findings {
        Findings(
            lineCount: lineCount, problem: problem, notText: notText, hasGivenUp: hasGivenUp)
    }

    /// Whether nothing was wrong so far and the next line is one of an event.
    var isInOrder: Bool { sawVersion && problem == nil && !notText && !hasGivenUp }

    /// Counts a line that another decoder has taken.
    mutating func passLine() { lineCount &+= 1 }

    static let notTextError = TextHistoryError(
        .unreadable("stream did not contain valid UTF-8"), line: nil)

    /// Takes the next bytes of the file and hands each event in them to `body`.
    public mutating func feed<Failure: Error>(
        _ bytes: Span<UInt8>, _ body: (borrowing TextEvent) throws(Failure) -> Void
    ) throws(Failure) {
        guard !hasGivenUp else { return }
        var start = 0
        if !partial.isEmpty {
            let found = Self.scanLine(bytes, from: 0)
            keep(bytes, 0..<found.end)
            guard found.isWhole, !hasGivenUp else { return }
            start = found.end + 1
            var line: [UInt8] = []
            swap(&line, &partial)
            try take(line.span, isASCII: Self.scanLine(line.span, from: 0).isASCII, body)
            line.removeAll(keepingCapacity: true)
            swap(&line, &partial)
        }
        while start < bytes.count {
            let found = Self.scanLine(bytes, from: start)
            guard found.isWhole, found.end - start <= lineLimit else { break }
            try take(bytes.extracting(start..<found.end), isASCII: found.isASCII, body)
            start = found.end + 1
        }
        keep(bytes, start..<bytes.count)
    }

    /// Keeps the begin of a line whose end is yet to come.
    private mutating func keep(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        for index in range { partial.append(bytes[index]) }
        if partial.count > lineLimit { giveUp() }
    }

    /// Meets a line beyond the limit: the rest of the text is not looked at.
    private mutating func giveUp() {
        if problem == nil {
            problem = TextHistoryError(
                .unreadable("a line exceeds \(lineLimit) bytes"), line: lineCount + 1)
        }
        hasGivenUp = true
        partial = []
    }

    /// Ends the text: the last line may lack its end. Throws what was wrong with the text, if
    /// anything; the events handed out before then mean nothing.
    public mutating func finish(
        _ body: (borrowing TextEvent) -> Void
    ) throws(TextHistoryError) {
        endLine(body)
        if notText { throw Self.notTextError }
        if let problem { throw problem }
    }

    /// Takes a last line without an end.
    mutating func endLine(_ body: (borrowing TextEvent) -> Void) {
        guard !partial.isEmpty else { return }
        let line = partial
        partial = []
        take(line.span, isASCII: Self.scanLine(line.span, from: 0).isASCII, body)
    }

    /// One line without its LF.
    private mutating func take<Failure: Error>(
        _ whole: Span<UInt8>, isASCII: Bool,
        _ body: (borrowing TextEvent) throws(Failure) -> Void
    ) throws(Failure) {
        lineCount += 1
        if !isASCII, !isText(whole) { notText = true }
        guard problem == nil, !notText else { return }
        var end = whole.count
        if end > 0, whole[end - 1] == UInt8(ascii: "\r") { end -= 1 }
        let line = whole.extracting(0..<end)
        if Self.isBlank(line) { return }
        guard sawVersion else {
            do { try decoder.checkVersion(line) } catch { fail(error) }
            sawVersion = true
            return
        }
        let event: TextEvent
        do {
            event = try decoder.decode(line)
        } catch {
            fail(error)
            return
        }
        try body(event)
    }

    private mutating func fail(_ error: TextHistoryError.Problem) {
        problem = TextHistoryError(error, line: lineCount)
    }

    private func isText(_ line: Span<UInt8>) -> Bool {
        line.withUnsafeBufferPointer { bytes in
            String(validating: bytes, as: UTF8.self) != nil
        }
    }

    @inline(__always)
    private static func isBlank(_ line: Span<UInt8>) -> Bool {
        var position = 0
        while position < line.count {
            let length = blankLength(line, position)
            if length == 0 { return false }
            position += length
        }
        return true
    }

    /// Looks for the next LF from `start` on: where the line ends (at an LF or with the bytes),
    /// and whether all of it is ASCII.
    @inline(__always)
    private static func scanLine(
        _ bytes: Span<UInt8>, from start: Int
    ) -> (end: Int, isWhole: Bool, isASCII: Bool) {
        let tops: UInt64 = 0x8080_8080_8080_8080
        var position = start
        var seen: UInt64 = 0
        while position + 8 <= bytes.count {
            let word = bytes.word(at: position)
            let difference = word ^ 0x0a0a_0a0a_0a0a_0a0a
            let hits = (difference &- 0x0101_0101_0101_0101) & ~difference & tops
            if hits != 0 {
                let before = hits.trailingZeroBitCount / 8
                seen |= word & PackedWord.mask(before)
                return (position + before, true, seen & tops == 0)
            }
            seen |= word
            position += 8
        }
        while position < bytes.count {
            if bytes[position] == UInt8(ascii: "\n") { return (position, true, seen & tops == 0) }
            seen |= UInt64(bytes[position])
            position += 1
        }
        return (position, false, seen & tops == 0)
    }
}

extension TextHistoryReader {
    /// All events of a text that is in memory.
    public static func events(of text: [UInt8]) throws(TextHistoryError) -> [TextEvent] {
        var reader = TextHistoryReader()
        var events: [TextEvent] = []
        reader.feed(text.span) { events.append(copy $0) }
        try reader.finish { events.append(copy $0) }
        return events
    }
}
