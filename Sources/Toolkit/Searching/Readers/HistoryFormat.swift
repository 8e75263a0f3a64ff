/// The forms of recorded histories that the search check reads (docs/reference/search.md).
public enum HistoryFormat: String, Sendable, CaseIterable {
    /// Jepsen's `history.edn`.
    case edn
    case jsonLines = "json-lines"
    /// What Jepsen's etcd test logged.
    case etcdLog = "etcd-log"
    /// One operation per line.
    case tabSeparated = "tab-separated"

    /// Operations and keys are counted in 32 bits.
    public static let operationLimit = Int(Int32.max)

    /// Tells the form from the first characters that are not blank; nil for what is no history.
    /// A text without anything in it is an empty history in JSON lines.
    public static func detect(_ bytes: [UInt8]) -> HistoryFormat? {
        let blanks: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D, UInt8(ascii: ",")]
        var rest = bytes[...].drop { blanks.contains($0) }
        guard let first = rest.popFirst() else { return .jsonLines }
        switch first {
        case UInt8(ascii: "{"):
            let second = rest.first { !blanks.contains($0) }
            return second == UInt8(ascii: "\"") || second == UInt8(ascii: "}") ? .jsonLines : .edn
        case UInt8(ascii: "["), UInt8(ascii: "("), UInt8(ascii: "#"), UInt8(ascii: ";"):
            return .edn
        case UInt8(ascii: "I") where rest.starts(with: "NFO ".utf8): return .etcdLog
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): return .tabSeparated
        default: return nil
        }
    }

    /// Reads a history in whatever form it is.
    public static func read(
        _ bytes: [UInt8], kind: ModelKind
    ) throws(HistoryReadError) -> OperationHistory {
        switch detect(bytes) {
        case .edn: return try EDNHistory.read(bytes, kind: kind)
        case .jsonLines: return try JSONLinesHistory.read(bytes, kind: kind)
        case .etcdLog: return try EtcdLog.read(bytes, kind: kind)
        case .tabSeparated: return try TabSeparatedHistory.read(bytes, kind: kind)
        case nil: throw HistoryReadError(.unknownFormat, at: 0, in: bytes)
        }
    }
}
