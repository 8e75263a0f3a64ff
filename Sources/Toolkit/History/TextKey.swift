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

/// Finds the key that a run of bytes spells. Writers put the keys of a line in one order, so the
/// key that came after the previous one last time is tried first; a table by length and
/// beginning decides the rest.
struct TextKeyTable {
    /// A word of up to 24 bytes, zero-padded: equal words are equal numbers.
    struct Packed: Equatable {
        var first: UInt64 = 0
        var second: UInt64 = 0
        var third: UInt64 = 0

        static let capacity = 24

        /// The bytes of `range`, which holds at most `capacity` of them.
        @inline(__always)
        init(_ bytes: Span<UInt8>, _ range: Range<Int>) {
            let count = range.count
            first = Self.load(bytes, range.lowerBound, min(count, 8))
            if count > 8 { second = Self.load(bytes, range.lowerBound + 8, min(count - 8, 8)) }
            if count > 16 { third = Self.load(bytes, range.lowerBound + 16, count - 16) }
        }

        @inline(__always)
        private static func load(_ bytes: Span<UInt8>, _ start: Int, _ count: Int) -> UInt64 {
            if start + 8 <= bytes.count {
                let word = bytes.bytes.unsafeLoadUnaligned(fromByteOffset: start, as: UInt64.self)
                return UInt64(littleEndian: word) & (count == 8 ? .max : (1 << (8 * count)) - 1)
            }
            var word: UInt64 = 0
            for index in 0..<count { word |= UInt64(bytes[start + index]) << (8 * index) }
            return word
        }
    }

    private let words: [Packed]
    private let lengths: [Int]
    private var successors: [Int]

    init() {
        let names = TextKey.allCases.map { Array($0.name.utf8) }
        words = names.map { Packed($0.span, 0..<$0.count) }
        lengths = names.map(\.count)
        successors = TextKey.allCases.map { ($0.rawValue + 1) % TextKey.allCases.count }
    }

    /// The place of the key spelled by `range`, or nil for a key that the format does not know.
    @inline(__always)
    mutating func find(_ bytes: Span<UInt8>, _ range: Range<Int>, after previous: Int) -> Int? {
        guard range.count <= Packed.capacity else { return nil }
        let word = Packed(bytes, range)
        let guess = successors[previous]
        if words[guess] == word && lengths[guess] == range.count { return guess }
        return search(word, range.count, after: previous)
    }

    private mutating func search(_ word: Packed, _ length: Int, after previous: Int) -> Int? {
        for index in words.indices where words[index] == word && lengths[index] == length {
            successors[previous] = index
            return index
        }
        return nil
    }
}
