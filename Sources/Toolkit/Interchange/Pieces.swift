import SystemCalls

/// Cuts a text into its outermost fields, of which each may run over several lines, in memory
/// for one of them.
struct Pieces {
    /// Longest piece, in bytes.
    private static let limit = 16 << 20
    private static let portion = 256 << 10

    let path: String
    private let file: FileDescriptor
    private var buffer: [UInt8] = []
    private var position = 0
    private var isAtEnd = false
    /// Whether the whole text is one vector.
    private var isInVector = false
    private var isFirst = true
    private var line = 1
    /// Line on which the piece handed out last begins.
    private(set) var pieceLine = 1

    init(path: String) throws(InterchangeError) {
        self.path = path
        do throws(SystemError) {
            file = try FileSystem.open(path, .readOnly)
        } catch {
            throw .system(error)
        }
    }

    /// The next piece, which is not blank; nil at the end of the text.
    mutating func next() throws(InterchangeError) -> [UInt8]? {
        guard try skipToPiece() else { return nil }
        pieceLine = line
        var piece: [UInt8] = []
        var depth = 0
        var isInText = false
        var isEscaped = false
        while try fill() {
            let byte = buffer[position]
            // At the outermost level a blank line end closes a piece of no brackets.
            if depth == 0, !isInText, byte == UInt8(ascii: "\n"), !piece.isEmpty { return piece }
            position += 1
            if byte == UInt8(ascii: "\n") { line += 1 }
            piece.append(byte)
            guard piece.count <= Self.limit else {
                throw .malformed(path, line: pieceLine, "an entry beyond \(Self.limit) bytes")
            }
            if isInText {
                isInText = isEscaped || byte != UInt8(ascii: "\"")
                isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInText = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth <= 0 { return piece }
            case _: break
            }
        }
        guard depth == 0, !isInText else {
            throw .malformed(path, line: pieceLine, "the text ends in the middle of an entry")
        }
        return piece
    }

    /// Skips blanks, comments and the brackets of a vector around everything.
    private mutating func skipToPiece() throws(InterchangeError) -> Bool {
        while try fill() {
            let byte = buffer[position]
            if byte <= 0x20 || byte == UInt8(ascii: ",") {
                if byte == UInt8(ascii: "\n") { line += 1 }
                position += 1
            } else if byte == UInt8(ascii: ";") {
                while try fill(), buffer[position] != UInt8(ascii: "\n") { position += 1 }
            } else if isFirst, byte == UInt8(ascii: "[") {
                isInVector = true
                isFirst = false
                position += 1
            } else if isInVector, byte == UInt8(ascii: "]") {
                isInVector = false
                position += 1
            } else {
                isFirst = false
                return true
            }
        }
        return false
    }

    /// Makes sure that there is a byte at `position`; false at the end of the text.
    private mutating func fill() throws(InterchangeError) -> Bool {
        if position < buffer.count { return true }
        guard !isAtEnd else { return false }
        do throws(SystemError) {
            buffer = try file.read(atMost: Self.portion)
        } catch {
            throw .system(error)
        }
        position = 0
        isAtEnd = buffer.isEmpty
        return !isAtEnd
    }
}
