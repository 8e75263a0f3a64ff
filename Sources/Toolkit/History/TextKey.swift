/// The keys of history text version 1. The raw value is a key's place in a table of tokens.
enum TextKey: Int, CaseIterable {
    case sequence, process, timeMillis
    case operation, operationID, resourceID, resourceIDs, reservationID, holderID, leaseEpoch
    case requiredLSN, requestSlot, ttl
    case outcome, appliedLSN, writeResult
    case committedReservationID, committedHolderID, committedLeaseEpoch, expiresAt, releasedLSN
    case expired
    case readTarget, servedBy, servedRole, observedLSN, resourceState, reservationState
    case reason
    case version

    var name: String {
        switch self {
        case .sequence: "sequence"
        case .process: "process"
        case .timeMillis: "time_millis"
        case .operation: "operation"
        case .operationID: "operation_id"
        case .resourceID: "resource_id"
        case .resourceIDs: "resource_ids"
        case .reservationID: "reservation_id"
        case .holderID: "holder_id"
        case .leaseEpoch: "lease_epoch"
        case .requiredLSN: "required_lsn"
        case .requestSlot: "request_slot"
        case .ttl: "ttl_slots"
        case .outcome: "outcome"
        case .appliedLSN: "applied_lsn"
        case .writeResult: "write_result"
        case .committedReservationID: "committed_reservation_id"
        case .committedHolderID: "committed_holder_id"
        case .committedLeaseEpoch: "committed_lease_epoch"
        case .expiresAt: "expires_at_slot"
        case .releasedLSN: "released_lsn"
        case .expired: "expired"
        case .readTarget: "read_target"
        case .servedBy: "served_by"
        case .servedRole: "served_role"
        case .observedLSN: "observed_lsn"
        case .resourceState: "resource_state"
        case .reservationState: "reservation_state"
        case .reason: "reason"
        case .version: "version"
        }
    }
}

/// Up to 24 bytes as numbers, zero-padded: equal bytes are equal numbers.
struct PackedWord: Equatable {
    static let capacity = 24

    var first: UInt64 = 0
    var second: UInt64 = 0
    var third: UInt64 = 0

    init() {}

    /// The bytes of `range`, which holds at most `capacity` of them.
    @inline(__always)
    init(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        let count = range.count
        first = Self.load(bytes, range.lowerBound, min(count, 8))
        if count > 8 { second = Self.load(bytes, range.lowerBound + 8, min(count - 8, 8)) }
        if count > 16 { third = Self.load(bytes, range.lowerBound + 16, count - 16) }
    }

    /// The `count` (at most 8) bytes from `start` on as a number.
    @inline(__always)
    private static func load(_ bytes: Span<UInt8>, _ start: Int, _ count: Int) -> UInt64 {
        if start + 8 <= bytes.count {
            return bytes.word(at: start) & PackedWord.mask(count)
        }
        var word: UInt64 = 0
        for index in 0..<count { word |= UInt64(bytes[start + index]) << (8 * index) }
        return word
    }

    /// Ones where the first `count` of eight bytes are.
    @inline(__always)
    static func mask(_ count: Int) -> UInt64 {
        count >= 8 ? .max : (1 << UInt64(8 * count)) - 1
    }
}

extension Span<UInt8> {
    /// The eight bytes from `place` on, the first one lowest. They must lie inside.
    @inline(__always)
    func word(at place: Int) -> UInt64 {
        UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: place, as: UInt64.self))
    }
}

/// Finds the key that a token begins with. Writers put the keys of a line in one order, which
/// depends on what kind of line it is: the key that came last time, after the same key in the
/// same kind of line, is tried first, without looking for its end.
struct TextKeyTable {
    private struct Entry {
        let word: PackedWord
        let masks: (UInt64, UInt64, UInt64)
        let length: Int

        /// Whether the key and its `=` stand at `start`, where 25 bytes can be loaded.
        @inline(__always)
        func stands(in bytes: Span<UInt8>, at start: Int) -> Bool {
            guard bytes.word(at: start) & masks.0 == word.first else { return false }
            if length > 8, bytes.word(at: start + 8) & masks.1 != word.second { return false }
            if length > 16, bytes.word(at: start + 16) & masks.2 != word.third { return false }
            return bytes[start + length] == UInt8(ascii: "=")
        }
    }

    private let entries: [Entry]
    /// Keys by their length.
    private let byLength: [[Int]]
    /// Guesses, by kind of line and previous key.
    private var successors: [Int]
    private var kind = 0
    private var previous = 0

    private static let keyCount = TextKey.allCases.count
    private static let kindCount = 64

    init() {
        entries = TextKey.allCases.map { key in
            let name = Array(key.name.utf8)
            return Entry(
                word: PackedWord(name.span, 0..<name.count),
                masks: (
                    PackedWord.mask(name.count), PackedWord.mask(max(name.count - 8, 0)),
                    PackedWord.mask(max(name.count - 16, 0))
                ), length: name.count)
        }
        var byLength = [[Int]](repeating: [], count: PackedWord.capacity + 1)
        for key in TextKey.allCases { byLength[entries[key.rawValue].length].append(key.rawValue) }
        self.byLength = byLength
        successors = []
        for _ in 0..<Self.kindCount {
            for key in 0..<Self.keyCount { successors.append((key + 1) % Self.keyCount) }
        }
    }

    /// Forgets what came before: a line begins.
    @inline(__always)
    mutating func begin() {
        kind = 0
        previous = TextKey.version.rawValue
    }

    /// The key that came here last time, and the place behind its `=`, if it stands at `start`.
    @inline(__always)
    func guess(_ bytes: Span<UInt8>, at start: Int) -> (key: Int, end: Int)? {
        guard start + PackedWord.capacity < bytes.count else { return nil }
        let key = successors[kind &* Self.keyCount &+ previous]
        return entries[key].stands(in: bytes, at: start)
            ? (key, start + entries[key].length + 1) : nil
    }

    /// The key spelled by `range`, or nil for one that the format does not know.
    mutating func find(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
        guard range.count <= PackedWord.capacity else { return nil }
        let word = PackedWord(bytes, range)
        for key in byLength[range.count] where entries[key].word == word {
            successors[kind &* Self.keyCount &+ previous] = key
            return key
        }
        return nil
    }

    /// Takes note of a token: what comes next depends on it.
    @inline(__always)
    mutating func passed(_ key: Int, _ bytes: Span<UInt8>, value: Range<Int>) {
        previous = key
        guard Self.decidesKind(key), value.lowerBound + 8 <= bytes.count else { return }
        let word = bytes.word(at: value.lowerBound) & PackedWord.mask(value.count)
        let mixed = (word &+ UInt64(kind)) &* 0x9e37_79b9_7f4a_7c15
        kind = Int(truncatingIfNeeded: mixed >> 58)
    }

    @inline(__always)
    private static func decidesKind(_ key: Int) -> Bool {
        key == TextKey.operation.rawValue || key == TextKey.outcome.rawValue
            || key == TextKey.writeResult.rawValue
    }
}
