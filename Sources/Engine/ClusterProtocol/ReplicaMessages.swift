public import LeaseKernel

/// What one replica sends another, one message per connection: the published protocol, kept
/// beside the native stream (cluster-runner.md 8).
public enum ReplicaRequest: Hashable, Sendable {
    case prepare(PreparedEntry)
    case commit(view: View, commitLSN: LSN)

    /// Largest message a replica reads, in bytes (cluster-runner.md 11).
    public static let maximumByteCount = 1_048_576
}

/// The two acknowledgements. A refusal is an `ErrorText`.
public enum ReplicaReply: Hashable, Sendable {
    case prepared(view: View, lsn: LSN, replica: ReplicaID)
    case committed(view: View, commitLSN: LSN, replica: ReplicaID)

    /// A prepare counts only if everything fits: the kind of reply, the view, the position and
    /// the peer it was sent to (cluster-runner.md 8).
    public func acknowledges(_ entry: PreparedEntry, by peer: ReplicaID) -> Bool {
        self == .prepared(view: entry.view, lsn: entry.lsn, replica: peer)
    }
}

/// A message between replicas that is none. The description is the published wording.
public enum ReplicaMessageError: Error, Hashable, Sendable, CustomStringConvertible {
    case bufferTooShort
    case trailingBytes
    case invalidRequestTag(UInt8)
    case invalidPreparedKind(UInt8)
    /// `raw` is the whole reply as text; bytes that are no UTF-8 are replaced.
    case invalidResponseTag(UInt8, raw: String)

    public var description: String {
        switch self {
        case .bufferTooShort: "buffer too short"
        case .trailingBytes: "trailing bytes"
        case .invalidRequestTag(let tag): "invalid protocol request tag \(tag)"
        case .invalidPreparedKind(let kind): "invalid protocol prepared kind \(kind)"
        case .invalidResponseTag(let tag, let raw):
            "invalid protocol response tag \(tag); raw_response=\(raw)"
        }
    }
}

/// Why a replica refused a message of a peer (cluster-runner.md 8).
public enum ReplicaRefusal: Hashable, Sendable {
    /// The connection carried no byte.
    case emptyRequest
    case undecodable(ReplicaMessageError)
    /// `error` is the refusal's fixed form, for example
    /// `PrepareOrderMismatch { expected_lsn: Lsn(2), found_lsn: Lsn(3) }`.
    case protocolError(error: String)
    /// A commit of another view than the current one.
    case viewMismatch(expected: View, found: View)
    case isolated

    public var message: String {
        switch self {
        case .emptyRequest: "invalid protocol request"
        case .undecodable(let error): "failed to decode protocol request: \(error)"
        case .protocolError(let error): TextReply.protocolError(detail: error).message
        case .viewMismatch(let expected, let found):
            "protocol view mismatch: expected=\(expected) found=\(found)"
        case .isolated: TextReply.isolated.message
        }
    }

    public var bytes: [UInt8] { ErrorText.bytes(message) }
}
