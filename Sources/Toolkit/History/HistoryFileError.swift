import SystemCalls

/// Why a native record cannot be read or written. A torn tail is no error: what was written
/// before it is read, and the record says that it was cut off.
public enum HistoryFileError: Error, Hashable, Sendable, CustomStringConvertible {
    case cannotRead(path: String, call: String, reason: String)
    case cannotWrite(path: String, call: String, reason: String)
    /// The file does not begin as a native record does.
    case notARecord(path: String)
    /// A later tool wrote it.
    case unsupportedVersion(path: String, version: UInt8)
    /// Damage with intact frames behind it: not what a crash leaves behind.
    case damaged(path: String, offset: Int)
    /// A frame whose checksum is right holds what no recorder writes.
    case malformed(path: String, offset: Int, problem: String)
    /// Something was handed to a recorder after it was finished.
    case finished(path: String)
    /// An event that does not follow the one before it.
    case outOfOrder(path: String, sequence: Sequence, expected: Sequence)
    case eventTooLarge(path: String, bytes: Int)

    public var description: String {
        switch self {
        case .cannotRead(let path, let call, let reason):
            "cannot read the record \(path): \(call): \(reason)"
        case .cannotWrite(let path, let call, let reason):
            "cannot write the record \(path): \(call): \(reason)"
        case .notARecord(let path):
            "\(path) is not a native record: it does not begin with \(NativeFormat.magicText)"
        case .unsupportedVersion(let path, let version):
            "\(path) has version \(version) of the native record; this tool reads versions "
                + "1 and 2"
        case .damaged(let path, let offset):
            "\(path): damaged at byte \(offset) while intact frames follow; a crash does not do "
                + "that: restore the file from a copy"
        case .malformed(let path, let offset, let problem):
            "\(path): the frame at byte \(offset) is intact but makes no sense: \(problem)"
        case .outOfOrder(let path, let sequence, let expected):
            "\(path): event \(sequence) where \(expected) is next"
        case .eventTooLarge(let path, let bytes):
            "\(path): an event of \(bytes) bytes; the limit is \(NativeFormat.eventLimit)"
        case .finished(let path): "the record \(path) is finished and takes no more events"
        }
    }

    static func reading(_ path: String, _ error: SystemError) -> HistoryFileError {
        .cannotRead(path: path, call: error.call, reason: error.text)
    }

    static func writing(_ path: String, _ error: SystemError) -> HistoryFileError {
        .cannotWrite(path: path, call: error.call, reason: error.text)
    }
}
