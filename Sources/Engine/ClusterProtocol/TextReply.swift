public import LeaseKernel

/// A refusal in words, as all three ports send it (wire-api.md 7.3, cluster-runner.md 7):
///
///     status=error
///     message=<text>
public enum ErrorText {
    private static let prefix = "status=error\nmessage="

    public static func bytes(_ message: String) -> [UInt8] {
        Array((prefix + message + "\n").utf8)
    }

    /// The message of a complete refusal. Anything else, also a refusal that lost its end, is
    /// none: half a sentence may have meant something else.
    public static func message(of bytes: [UInt8]) -> String? {
        guard bytes.starts(with: prefix.utf8), bytes.last == UInt8(ascii: "\n") else { return nil }
        return String(decoding: bytes[prefix.utf8.count...].dropLast(), as: UTF8.self)
    }
}

/// A text reply of the client port (wire-api.md 7.4).
public enum TextReply: Hashable, Sendable {
    case notPrimary(ReplicaRole)
    /// The operator has marked the replica isolated.
    case isolated
    case replicaFaulted
    /// The connection carried no byte.
    case emptyRequest
    /// `detail` is the decode error's fixed form, for example `BufferTooShort`.
    case invalidRequest(detail: String)
    case requestTooLarge
    /// `detail` is the operating system's text.
    case requestUnreadable(detail: String)
    /// `detail` is the fixed form of an internal refusal.
    case protocolError(detail: String)
    case commitPublishedNothing(LSN)
    case commitAppliedNothing(LSN)
    /// Words this toolkit does not know.
    case other(String)

    /// What the reply means for a request that wanted to change something.
    public enum Meaning: Hashable, Sendable {
        /// Not executed; another replica may be primary.
        case tryAnotherReplica
        /// Not executed.
        case notExecuted
        /// May or may not have had an effect.
        case indefinite
    }

    public var meaning: Meaning {
        switch self {
        case .notPrimary, .isolated, .replicaFaulted: .tryAnotherReplica
        case .emptyRequest, .invalidRequest, .requestTooLarge, .requestUnreadable: .notExecuted
        case .protocolError, .commitPublishedNothing, .commitAppliedNothing, .other: .indefinite
        }
    }

    public init(_ error: ClientCodecError) {
        self = .invalidRequest(detail: error.debugText)
    }

    public var message: String {
        switch self {
        case .notPrimary(let role): Words.notPrimary + role.word
        case .isolated: Words.isolated
        case .replicaFaulted: Words.replicaFaulted
        case .emptyRequest: Words.emptyRequest
        case .invalidRequest(let detail): Words.invalidRequest + detail
        case .requestTooLarge: Words.requestTooLarge
        case .requestUnreadable(let detail): Words.requestUnreadable + detail
        case .protocolError(let detail): Words.protocolError + detail
        case .commitPublishedNothing(let lsn): "\(Words.commit)\(lsn)\(Words.publishedNothing)"
        case .commitAppliedNothing(let lsn): "\(Words.commit)\(lsn)\(Words.appliedNothing)"
        case .other(let message): message
        }
    }

    public init(message: String) {
        switch message {
        case Words.isolated: self = .isolated
        case Words.replicaFaulted: self = .replicaFaulted
        case Words.emptyRequest: self = .emptyRequest
        case Words.requestTooLarge: self = .requestTooLarge
        default: self = Self.withArgument(message) ?? .other(message)
        }
    }

    private static func withArgument(_ message: String) -> TextReply? {
        if let role = message.suffix(after: Words.notPrimary) {
            return ReplicaRole(word: role).map { .notPrimary($0) }
        }
        if let detail = message.suffix(after: Words.invalidRequest) {
            return .invalidRequest(detail: detail)
        }
        if let detail = message.suffix(after: Words.requestUnreadable) {
            return .requestUnreadable(detail: detail)
        }
        if let detail = message.suffix(after: Words.protocolError) {
            return .protocolError(detail: detail)
        }
        guard let rest = message.suffix(after: Words.commit) else { return nil }
        for (words, make) in [
            (Words.publishedNothing, TextReply.commitPublishedNothing),
            (Words.appliedNothing, TextReply.commitAppliedNothing),
        ] where rest.hasSuffix(words) {
            return identifier(String(rest.dropLast(words.count))).map(make)
        }
        return nil
    }

    public var bytes: [UInt8] { ErrorText.bytes(message) }

    /// The reply in `bytes`, or nil when they are no complete text reply.
    public init?(bytes: [UInt8]) {
        guard let message = ErrorText.message(of: bytes) else { return nil }
        self.init(message: message)
    }

    private enum Words {
        static let notPrimary = "not primary: role="
        static let isolated = "network isolated by local harness"
        static let replicaFaulted = "replica faulted"
        static let emptyRequest = "invalid client request"
        static let invalidRequest = "invalid client request: "
        static let requestTooLarge =
            "client request exceeds max size \(ClientRequest.maximumByteCount) bytes"
        static let requestUnreadable = "failed to read client request: "
        static let protocolError = "replica protocol error: "
        static let commit = "primary commit at lsn "
        static let publishedNothing = " did not publish one client result"
        static let appliedNothing = " did not apply one prepared entry"
    }
}

/// Everything that can come back on a client connection.
public enum ClientReply: Hashable, Sendable {
    case response(ClientResponse)
    case text(TextReply)
    /// The connection ended without a byte: the request may or may not have been executed.
    case empty
    /// Neither a response nor a complete text: the request may or may not have been executed.
    case undecodable(ClientCodecError)

    /// Binary first, then text, as clients must (wire-api.md 7.3).
    public init(bytes: [UInt8]) {
        guard !bytes.isEmpty else {
            self = .empty
            return
        }
        do {
            self = .response(try ClientResponse(decoding: bytes))
        } catch {
            self = TextReply(bytes: bytes).map { .text($0) } ?? .undecodable(error)
        }
    }
}

extension String {
    fileprivate func suffix(after prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}
