import ByteCoding

/// What is asked of the agent in a guest: one line each, with a number that its answer carries.
/// Bytes travel as hexadecimal digits.
public enum AgentRequest: Hashable, Sendable {
    /// A line for the shell, which is killed after so many milliseconds.
    case execute(line: String, limitMilliseconds: UInt64)
    case clock
    case setClock(nanoseconds: UInt64)
    /// Random bytes from the kernel, to see whether it was reseeded.
    case random(count: Int)
    case reseed([UInt8])
    /// Writes at the end of a file, or makes a new one of the bytes.
    case write(path: String, permissions: UInt32, bytes: [UInt8], isContinued: Bool)

    /// Most bytes of one `write`, so that its line stays below the longest.
    public static let writeLimit = 24 << 10

    public var text: String {
        switch self {
        case .execute(let line, let limit): "execute \(limit) \(hex(line.utf8))"
        case .clock: "clock"
        case .setClock(let nanoseconds): "setclock \(nanoseconds)"
        case .random(let count): "random \(count)"
        case .reseed(let seed): "reseed \(hex(seed))"
        case .write(let path, let permissions, let bytes, let isContinued):
            "\(isContinued ? "append" : "write") \(permissions) \(hex(path.utf8)) \(hex(bytes))"
        }
    }

    /// Nil for what is no request.
    public init?(_ words: ArraySlice<Substring>) {
        let operands = Array(words.dropFirst())
        switch (words.first, operands.count) {
        case ("execute", 2):
            guard let limit = UInt64(operands[0]), let line = string(operands[1]) else {
                return nil
            }
            self = .execute(line: line, limitMilliseconds: limit)
        case ("clock", 0): self = .clock
        case ("setclock", 1):
            guard let nanoseconds = UInt64(operands[0]) else { return nil }
            self = .setClock(nanoseconds: nanoseconds)
        case ("random", 1):
            guard let count = Int(operands[0]), (1...256).contains(count) else { return nil }
            self = .random(count: count)
        case ("reseed", 1):
            guard let seed = bytes(operands[0]) else { return nil }
            self = .reseed(seed)
        case ("write", 2...3), ("append", 2...3):
            guard let permissions = UInt32(operands[0]), let path = string(operands[1]),
                let bytes = operands.count == 3 ? bytes(operands[2]) : []
            else { return nil }
            self = .write(
                path: path, permissions: permissions, bytes: bytes,
                isContinued: words.first == "append")
        default: return nil
        }
    }
}

/// One line of an answer. `output` and `error` may come any number of times before the line that
/// ends the answer.
public enum AgentReply: Hashable, Sendable {
    case output([UInt8])
    case error([UInt8])
    /// The program ended: its exit code, or the negative number of the signal that ended it.
    case ended(status: Int32)
    /// Wall clock and monotonic clock.
    case clock(wall: UInt64, monotonic: UInt64)
    case random([UInt8])
    case done
    case failed(String)

    /// Most bytes of one line of output.
    public static let pieceLimit = 16 << 10

    public var text: String {
        switch self {
        case .output(let bytes): "output \(hex(bytes))"
        case .error(let bytes): "error \(hex(bytes))"
        case .ended(let status): "ended \(status)"
        case .clock(let wall, let monotonic): "clock \(wall) \(monotonic)"
        case .random(let bytes): "random \(hex(bytes))"
        case .done: "done"
        case .failed(let reason): "failed \(hex(reason.utf8))"
        }
    }

    /// Nil for what is no reply.
    public init?(_ words: ArraySlice<Substring>) {
        let operands = Array(words.dropFirst())
        switch (words.first, operands.count) {
        case ("output", 0...1), ("error", 0...1), ("random", 1):
            guard let bytes = operands.isEmpty ? [] : bytes(operands[0]) else { return nil }
            switch words.first {
            case "output": self = .output(bytes)
            case "error": self = .error(bytes)
            default: self = .random(bytes)
            }
        case ("ended", 1):
            guard let status = Int32(operands[0]) else { return nil }
            self = .ended(status: status)
        case ("clock", 2):
            guard let wall = UInt64(operands[0]), let monotonic = UInt64(operands[1]) else {
                return nil
            }
            self = .clock(wall: wall, monotonic: monotonic)
        case ("done", 0): self = .done
        case ("failed", 1):
            guard let reason = string(operands[0]) else { return nil }
            self = .failed(reason)
        default: return nil
        }
    }

    /// Whether the answer goes on after this line.
    public var isPiece: Bool {
        switch self {
        case .output, .error: true
        case .ended, .clock, .random, .done, .failed: false
        }
    }
}

/// A request or a reply with the number of its exchange.
public struct AgentLine<Content: Sendable>: Sendable {
    public let number: UInt64
    public let content: Content
}

extension AgentLine where Content == AgentRequest {
    /// Nil for what is no request; its number could not be read then.
    public init?(_ line: String) {
        let words = line.split(separator: " ")
        guard let first = words.first, let number = UInt64(first),
            let content = AgentRequest(words.dropFirst())
        else { return nil }
        self.init(number: number, content: content)
    }
}

extension AgentLine where Content == AgentReply {
    /// Nil for what is no reply.
    public init?(_ line: String) {
        let words = line.split(separator: " ")
        guard let first = words.first, let number = UInt64(first),
            let content = AgentReply(words.dropFirst())
        else { return nil }
        self.init(number: number, content: content)
    }
}

private func hex(_ bytes: some Sequence<UInt8>) -> String { Hexadecimal.encode(bytes) }

private func bytes(_ word: Substring) -> [UInt8]? { Hexadecimal.decode(String(word)) }

private func string(_ word: Substring) -> String? {
    bytes(word).map { String(decoding: $0, as: UTF8.self) }
}
