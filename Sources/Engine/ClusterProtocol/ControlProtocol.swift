/// One word on the control port (cluster-runner.md 7). `explain` and `checkpoint` are ours.
public enum ControlRequest: Hashable, Sendable {
    case status
    case stop
    /// Every component's state, what it waits for and what moved it last; whether a read and a
    /// write would be served now, and if not why.
    case explain
    /// Write a snapshot now.
    case checkpoint

    /// Largest control request read, in bytes: no word comes near it.
    public static let maximumByteCount = 4096

    public var word: String {
        switch self {
        case .status: "status"
        case .stop: "stop"
        case .explain: "explain"
        case .checkpoint: "checkpoint"
        }
    }

    /// The request in the bytes of one connection; white space around the word does not count.
    public init(decoding bytes: [UInt8]) throws(ControlRequestError) {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .invalidText }
        let word = String(text.trimmingWhitespace())
        let known: [ControlRequest] = [.status, .stop, .explain, .checkpoint]
        guard let request = known.first(where: { $0.word == word }) else {
            throw .unknownCommand(word)
        }
        self = request
    }

    public var bytes: [UInt8] { Array("\(word)\n".utf8) }
}

/// A control request that is none.
public enum ControlRequestError: Error, Hashable, Sendable, CustomStringConvertible {
    case unknownCommand(String)
    /// Bytes that are not UTF-8. The reference ends here; we answer (cluster-runner.md C3).
    case invalidText

    public var description: String {
        switch self {
        case .unknownCommand(let word): "unknown control command `\(word)`"
        case .invalidText: "control request is not valid UTF-8"
        }
    }

    public var bytes: [UInt8] { ErrorText.bytes(description) }
}

/// A reply of the control port: lines of key=value, the first `status=ok` (cluster-runner.md 7).
public enum ControlReply {
    /// The whole answer to `stop`.
    public static let acknowledgement = Array("status=ok\n".utf8)

    /// An answer that carries `fields`. Line breaks inside values are written as `\n`, so that
    /// every value stays on its line.
    public static func bytes(_ fields: [(key: String, value: String)]) -> [UInt8] {
        var bytes = acknowledgement
        for (key, value) in fields {
            bytes.append(contentsOf: "\(key)=\(oneLine(value))\n".utf8)
        }
        return bytes
    }

    /// Checks that the reply begins with success, and gives back its fields without `status`,
    /// in order.
    public static func fields(
        of bytes: [UInt8]
    ) throws(ControlReplyError) -> [(key: String, value: String)] {
        let text = String(decoding: bytes, as: UTF8.self)
        _ = try okFields(text)
        return textLines(text).compactMap { line in
            let trimmed = line.trimmingTrailingWhitespace()
            guard let separator = trimmed.utf8.firstIndex(of: UInt8(ascii: "=")) else {
                return nil
            }
            let key = String(trimmed[..<separator])
            let value = String(trimmed[trimmed.utf8.index(after: separator)...])
            return key == "status" ? nil : (key, value)
        }
    }

    static func okFields(_ text: String) throws(ControlReplyError) -> KeyValueFields {
        let fields: KeyValueFields
        let status: String
        let message: String?
        do throws(KeyValueError) {
            fields = try KeyValueFields(text)
            status = try fields.required("status")
            message = status == "error" ? try fields.required("message") : nil
        } catch {
            throw .malformed(error)
        }
        if let message { throw .remote(message) }
        guard status == "ok" else { throw .malformed(.invalidField("status", value: status)) }
        return fields
    }

    static func oneLine(_ value: String) -> String {
        value.utf8.contains(UInt8(ascii: "\n")) ? value.replacing("\n", with: "\\n") : value
    }
}

/// A control reply that is no success. The description is the published wording.
public enum ControlReplyError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The replica answered with an error.
    case remote(String)
    case malformed(KeyValueError)

    public var name: String {
        switch self {
        case .remote: "Remote"
        case .malformed(let error): error.name
        }
    }

    public var description: String {
        switch self {
        case .remote(let message): message
        case .malformed(let error): error.text(noun: "control")
        }
    }

    /// Whether asking again may help: a cut or garbled answer may come whole the next time, an
    /// answer that says no, or says one thing twice, was meant.
    public var isTransient: Bool {
        switch self {
        case .remote: false
        case .malformed(let error):
            switch error {
            case .duplicateField: false
            case .missingField, .invalidLine, .invalidField: true
            // Control replies carry neither.
            case .unsupportedVersion, .invalidReplicaCount: false
            }
        }
    }
}

/// How often and how patiently a status is asked for (cluster-runner.md 7). A stop is asked for
/// once.
public struct StatusRetryRule: Hashable, Sendable {
    public enum Failure: Hashable, Sendable {
        /// Connecting, writing or reading failed, or took longer than the limit.
        case inputOutput
        case reply(ControlReplyError)
    }

    /// Limit for each of connecting, writing and reading.
    public let limit: Duration = .milliseconds(250)
    public let maximumAttempts = 3
    public let pause: Duration = .milliseconds(10)

    public init() {}

    /// How long to wait before the next attempt after the `attempt`-th (from 1) failed; nil
    /// means to give up.
    public func pause(after failure: Failure, attempt: Int) -> Duration? {
        guard attempt < maximumAttempts else { return nil }
        return switch failure {
        case .inputOutput: pause
        case .reply(let error): error.isTransient ? pause : nil
        }
    }
}
