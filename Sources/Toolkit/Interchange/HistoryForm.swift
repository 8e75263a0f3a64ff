import History
import SystemCalls

/// The forms of a history on disk, told apart by their first bytes.
public enum HistoryForm: String, Hashable, Sendable, CaseIterable {
    /// The native record, of either version.
    case record = "record"
    /// Text version 1.
    case text = "text"
    case jsonLines = "jsonl"
    /// As Jepsen writes its histories.
    case edn = "edn"

    public static func of(_ path: String) throws(InterchangeError) -> HistoryForm {
        let start = try InterchangeError.ofSystem { () throws(SystemError) in
            try FileSystem.open(path, .readOnly).read(atMost: 4096)
        }
        if start.starts(with: NativeFormat.magicText.utf8) { return .record }
        let first = start.drop { $0 <= 0x20 || $0 == UInt8(ascii: ",") }
        if first.starts(with: "{\"".utf8) { return .jsonLines }
        for beginning in ["{", "[", "(", "#", ";"] where first.starts(with: beginning.utf8) {
            return .edn
        }
        return .text
    }

    /// What it is called where it is spoken of.
    public var words: String {
        switch self {
        case .record: "native record"
        case .text: "text version 1"
        case .jsonLines: "JSON lines"
        case .edn: "EDN"
        }
    }

    var notation: Notation? {
        switch self {
        case .record, .text: nil
        case .jsonLines: .json
        case .edn: .edn
        }
    }
}

/// What a history is at heart, whatever it is written in.
public enum HistoryNature: Sendable {
    /// Invocations, completions and faults, with the times of both ends.
    case record
    /// The lines of text version 1: what was answered, and no more.
    case text
}
